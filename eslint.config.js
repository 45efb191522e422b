import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Arrows run `util ← core ← supervisor ← adapters, reporters ← cli`, never back; `loader` stands apart. */
const LAYERS = {
  loader: ['util', 'core', 'supervisor', 'adapters', 'reporters', 'cli'],
  util: ['core', 'supervisor', 'adapters', 'reporters', 'cli', 'loader'],
  core: ['supervisor', 'adapters', 'reporters', 'cli'],
  supervisor: ['adapters', 'reporters', 'cli'],
  adapters: ['reporters', 'cli'],
  reporters: ['adapters', 'cli'],
};

const fence = Object.entries(LAYERS).map(([layer, above]) => ({
  files: [`src/${layer}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: above.map((name) => `**/${name}/**`),
            message: `src/${layer} knows nothing of the layers above it (src/ARCHITECTURE.md).`,
          },
          ...(layer === 'core'
            ? [{ regex: '^[^.]', message: 'src/core is pure: no node:*, no package.' }]
            : []),
        ],
      },
    ],
  },
}));

/** Adapters do not know each other; what two of them share lives in util or behind a port. */
const adapterFence = [
  'cgroup',
  'control',
  'procfs',
  'process',
  'host',
  'journal',
  'jobfile',
  'profiles',
].map((name) => ({
  files: [`src/adapters/${name}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: ['**/reporters/**', '**/cli/**'],
            message: 'adapters know no layer above them.',
          },
          {
            regex: `^\\.\\./(?!${name}/|host/|\\.\\./)`,
            message: 'adapters do not know each other (but for host, the readers of kernel files).',
          },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'fixtures/**', '.cache/**'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', 'bin/*.js', 'bench/*.js'] },
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'Date',
        'process',
        'performance',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'Buffer',
        'console',
      ],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
      'no-restricted-syntax': [
        'error',
        { selector: ':function[async=true]', message: 'src/core is synchronous.' },
      ],
    },
  },
  ...fence,
  ...adapterFence,
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.js'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        performance: 'readonly',
      },
    },
  },
  {
    // What node starts with is CommonJS: an ES module would bring in node's loader for these, for nothing else.
    files: ['bin/*.js'],
    languageOptions: { sourceType: 'commonjs', globals: { require: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
