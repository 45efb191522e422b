import { describe, expect, it } from 'vitest';
import { findReferences } from '../../../src/adapters/jobfile/template.js';
import { rewriteScript } from '../../../src/adapters/jobfile/shell-script.js';

const BASH = ['bash', '-c'];

function rewrite(script: string, shell = BASH) {
  return rewriteScript(script, findReferences(script, ['x']).references, shell);
}

describe('a reference in a shell script', () => {
  it.each([
    ['emit ${{ matrix.x }}', 'emit "${MATRIX_X}"'],
    ['emit "${{matrix.x}}"', 'emit "${MATRIX_X}"'],
    ["emit 'a'${{ matrix.x }}'b'", `emit 'a'"\${MATRIX_X}"'b'`],
    ["# it's ${{ matrix.x }}\nls", "# it's ${MATRIX_X}\nls"],
    [
      'cat <<END\n"${{ matrix.x }}"\nEND\nls ${{ matrix.x }}',
      'cat <<END\n"${MATRIX_X}"\nEND\nls "${MATRIX_X}"',
    ],
    ['echo "$(wc -l < ${{ matrix.x }})"', 'echo "$(wc -l < "${MATRIX_X}")"'],
    ['sed -n 5p ${{ matrix.x }}', 'sed -n 5p "${MATRIX_X}"'],
    ["awk -v x=${{ matrix.x }} '{ print x }' f", `awk -v x="\${MATRIX_X}" '{ print x }' f`],
    ['python3 train.py -c ${{ matrix.x }}', 'python3 train.py -c "${MATRIX_X}"'],
    [
      'python3 -u -c \'import sys; print(sys.argv[1])\' "${{ matrix.x }}" ${{ matrix.x }}',
      'python3 -u -c \'import sys; print(sys.argv[1])\' "${MATRIX_X}" "${MATRIX_X}"',
    ],
    [
      `bash -euo pipefail -c 'ls "$1"' _ \${{ matrix.x }}`,
      `bash -euo pipefail -c 'ls "$1"' _ "\${MATRIX_X}"`,
    ],
    ['export A=${{ matrix.x }}', 'export A="${MATRIX_X}"'],
    ['[[ ${{ matrix.x }} == a ]] && ls', '[[ "${MATRIX_X}" == a ]] && ls'],
    [
      'bash step.sh ${{ matrix.x }} > ${{ matrix.x }}.log 2>&1',
      'bash step.sh "${MATRIX_X}" > "${MATRIX_X}".log 2>&1',
    ],
    ['read -r y <<< ${{ matrix.x }}', 'read -r y <<< "${MATRIX_X}"'],
    ['python3 train.py > ${{ matrix.x }}.log', 'python3 train.py > "${MATRIX_X}".log'],
    ['cut -f1 ${{ matrix.x }} | sed s/a/b/ | awk 1', 'cut -f1 "${MATRIX_X}" | sed s/a/b/ | awk 1'],
    ['curl -sf u | sh; ls ${{ matrix.x }}', 'curl -sf u | sh; ls "${MATRIX_X}"'],
    ['ls ${{ matrix.x }}; curl -sf u | sh', 'ls "${MATRIX_X}"; curl -sf u | sh'],
    ['zcat ${{ matrix.x }} | python3 count.py', 'zcat "${MATRIX_X}" | python3 count.py'],
    [
      'while read -r l; do ls; done < <(cat ${{ matrix.x }})',
      'while read -r l; do ls; done < <(cat "${MATRIX_X}")',
    ],
    ['echo ${{ matrix.x }} | xargs rm', 'echo "${MATRIX_X}" | xargs rm'],
    ['perl run.pl <<END\n${{ matrix.x }}\nEND\n', 'perl run.pl <<END\n${MATRIX_X}\nEND\n'],
    ['f() { ls ${{ matrix.x }}; }; f', 'f() { ls "${MATRIX_X}"; }; f'],
    ['[[ ( ${{ matrix.x }} == a || b == c ) ]]', '[[ ( "${MATRIX_X}" == a || b == c ) ]]'],
  ])('%j becomes %j', (script, expected) => {
    expect(rewrite(script)).toMatchObject({ script: expected, faults: [] });
  });

  it.each([
    ["emit '${{ matrix.x }}'", 'single quotes'],
    ['emit `ls ${{ matrix.x }}`', 'backticks'],
    ['emit $((${{ matrix.x }}))', 'arithmetic'],
    ['emit ${y:-${{ matrix.x }}}', '${…}'],
    ["emit $'${{ matrix.x }}'", "$'…'"],
    ['emit $"${{ matrix.x }}"', '$"…"'],
    ['emit \\${{ matrix.x }}', 'backslash'],
    ['emit $${{ matrix.x }}', '"$"'],
    ['cat <<"END"\n${{ matrix.x }}\nEND', 'end mark'],
    ['bash <<END\n${{ matrix.x }}\nEND', 'as code'],
    ['cat <<END\n$(ls ${{ matrix.x }})\nEND', 'expansions of its own'],
    ['cat <<END "\n" ${{ matrix.x }}\nEND', 'here-document'],
    ['eval ${{ matrix.x }}', '"eval"'],
    ['python3 -c ${{ matrix.x }}', '"python3 -c"'],
    ['python3 -W -c -c ${{ matrix.x }}', '"python3 -c"'],
    ['bash -c -e ${{ matrix.x }}', '"bash -c"'],
    ["perl -e 'print 1' ${{ matrix.x }}", '"perl -e"'],
    ["node -e 'f()' ${{ matrix.x }}", '"node -e"'],
    ['[[ ${{ matrix.x }} -gt 1 ]]', '[['],
    ['x=$(case a in b) ls ${{ matrix.x }};; esac)', 'case'],
    ['((ls) | cat); ls ${{ matrix.x }}', 'arithmetic'],
  ])('%j is refused: %s', (script, reason) => {
    const { faults } = rewrite(script);
    expect(faults).toHaveLength(1);
    expect(faults[0]?.fault.message).toContain(reason);
    expect(faults[0]?.fault.mend).toContain('MATRIX_X');
  });

  it.each([
    [['python3', '-c']],
    [['fish', '-c']],
    [['bash', '-x']],
    [['env', 'ruby', '-e']],
    [['bash', '-c', 'eval "$1"', 'me']],
  ])('is refused for %j, whose quoting is not known', (shell) => {
    expect(rewrite('print(${{ matrix.x }})', shell).faults).toHaveLength(1);
  });

  it('is accepted for the usual shells, wherever they live', () => {
    for (const shell of [
      ['sh', '-c'],
      ['/bin/dash', '-ec'],
      ['/usr/bin/env', 'zsh', '-c'],
      ['ksh', '-c'],
    ]) {
      expect(rewrite('emit ${{ matrix.x }}', shell).faults).toEqual([]);
    }
  });

  it('sees which scripts append to files', () => {
    expect(rewrite('ls >> log').appends).toBe(true);
    expect(rewrite('echo ">>" \'>>\' # >>\ncat <<END\n>>\nEND').appends).toBe(false);
  });
});
