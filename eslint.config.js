import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules', 'dist', '.cache', 'coverage', 'public'] },
  ...tseslint.configs.recommended,
  ...svelte.configs.recommended,
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: tseslint.parser } } },
  {
    rules: {
      complexity: ['error', 15],
      'max-params': ['error', 4],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-empty': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // A value that could not be read is said to be missing, never drawn as zero or as nothing.
    files: ['src/views/**'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: "LogicalExpression[operator='??'][right.raw='0']", message: 'A missing number is not 0: draw it with <Missing>, or say what is meant.' },
        {
          selector: "LogicalExpression[operator='??'][right.raw=/^(\"\"|'')$/]",
          message: 'A missing text is not empty: draw it with <Missing>, or say what is meant.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/*.mjs', 'e2e/**', 'bench/**', 'workers/testing/**'],
    rules: { 'max-lines-per-function': 'off', 'max-lines': 'off', complexity: 'off' },
  },
);
