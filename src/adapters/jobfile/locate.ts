import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { formatCount } from '../../util/count.js';
import type { Located, LocatedEntry, LocatedMap, LocatedScalar, Origin } from './located.js';
import { quote } from './printable.js';
import type { Report } from './report.js';
import { suggest } from '../../util/suggest.js';

/** How many values aliases and merge keys may stand for: far more than any jobfile, far less than an alias bomb. */
const MAX_ALIASED_VALUES = 1_000_000;

interface Anchored {
  readonly value: Located;
  readonly size: number;
}

interface Walk {
  readonly report: Report;
  readonly anchors: Map<string, Anchored>;
  /** Values made so far, aliased ones counted each time. */
  size: number;
  aliased: number;
  bombed: boolean;
  /** An alias stands for nothing: what depends on it cannot be judged. */
  unusable: boolean;
}

/**
 * Turns YAML nodes into located values: aliases and merge keys resolved, keys as text, duplicate keys reported.
 *
 * @returns undefined when an alias stands for nothing, or for too much.
 */
export function locate(node: Node, report: Report): Located | undefined {
  const state: Walk = {
    report,
    anchors: new Map(),
    size: 0,
    aliased: 0,
    bombed: false,
    unusable: false,
  };
  const value = walk(node, state);
  return state.unusable ? undefined : value;
}

function walk(node: Node, state: Walk): Located {
  if (isAlias(node)) return follow(node, state);
  const before = state.size;
  const anchor = 'anchor' in node ? node.anchor : undefined;
  if (anchor !== undefined) state.anchors.delete(anchor);
  state.size += 1;
  const value = isMap(node)
    ? mapOf(node, state)
    : isSeq(node)
      ? {
          kind: 'list' as const,
          origin: originOf(node),
          items: node.items.map((item) => walk(item as Node, state)),
        }
      : scalarOf(node);
  if (anchor !== undefined) state.anchors.set(anchor, { value, size: state.size - before });
  return value;
}

function scalarOf(node: Scalar): LocatedScalar {
  const value = node.value;
  const origin = originOf(node);
  if (typeof value === 'string') return { kind: 'scalar', origin, value, text: value };
  const text = node.source ?? String(value);
  return typeof value === 'number' || typeof value === 'boolean'
    ? { kind: 'scalar', origin, value, text }
    : { kind: 'scalar', origin, value: null, text };
}

/** What an alias stands for; a dangling or forbidden one is reported and stands for nothing. */
function follow(alias: Alias, state: Walk): Located {
  const origin = originOf(alias);
  const nothing: LocatedScalar = { kind: 'scalar', origin, value: null, text: '' };
  const target = state.anchors.get(alias.source);
  if (target === undefined) {
    state.unusable = true;
    state.report.at(origin, {
      message: `the alias *${alias.source} has no anchor &${alias.source} before it`,
      ...suggest(alias.source, [...state.anchors.keys()]),
    });
    return nothing;
  }
  state.size += target.size;
  state.aliased += target.size;
  if (state.aliased <= MAX_ALIASED_VALUES) return target.value;
  if (!state.bombed) {
    state.report.at(origin, {
      message: `the aliases of this file stand for more than ${formatCount(MAX_ALIASED_VALUES)} values`,
      mend: 'aliases of aliases grow without bound: write the values down, or use a matrix',
    });
  }
  state.bombed = true;
  state.unusable = true;
  return nothing;
}

function mapOf(node: YAMLMap, state: Walk): LocatedMap {
  const entries = new Map<string, LocatedEntry>();
  const merged: LocatedMap[] = [];
  for (const pair of node.items as readonly Pair<Node, Node | null>[]) {
    const value = valueOf(pair, state);
    if (isScalar(pair.key) && typeof pair.key.value === 'symbol')
      merged.push(...mergeSources(value, pair.key, state));
    else addEntry(entries, pair.key, value, state);
  }
  for (const source of merged) {
    for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
  }
  return { kind: 'map', origin: originOf(node), entries };
}

function valueOf(pair: Pair<Node, Node | null>, state: Walk): Located {
  if (pair.value !== null) return walk(pair.value, state);
  const origin = originOf(pair.key);
  return { kind: 'scalar', origin, value: null, text: '' };
}

function mergeSources(value: Located, key: Scalar, state: Walk): readonly LocatedMap[] {
  const sources = value.kind === 'list' ? value.items : [value];
  const maps = sources.filter((source) => source.kind === 'map');
  if (maps.length !== sources.length && !state.unusable) {
    state.report.at(originOf(key), {
      message: 'a merge key "<<" takes a map or a list of maps, usually an alias such as *base',
    });
  }
  return maps;
}

function addEntry(
  entries: Map<string, LocatedEntry>,
  key: Node,
  value: Located,
  state: Walk,
): void {
  const origin = originOf(key);
  const name = isScalar(key) ? scalarOf(key).text : undefined;
  if (name === undefined || name === '') {
    state.report.at(origin, {
      message: 'a key must be plain text',
      mend: 'put a name before the ":"',
    });
    return;
  }
  if (name === '__proto__') {
    state.report.at(origin, {
      message: 'the name "__proto__" is not allowed',
      mend: 'choose another name',
    });
    return;
  }
  const first = entries.get(name);
  if (first === undefined) {
    entries.set(name, { key: origin, value });
    return;
  }
  const line = first.key.kind === 'file' ? state.report.source.position(first.key.start).line : 0;
  state.report.at(origin, {
    message: `the key ${quote(name)} stands twice in the same map, first on line ${String(line)}`,
    mend: 'remove one of the two',
  });
}

function originOf(node: Node): Origin {
  const [start, end] = node.range ?? [0, 0];
  return { kind: 'file', start, end };
}
