import js from '@eslint/js'
import lodash from 'eslint-plugin-lodash'
import globals from 'globals'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', 'export/', 'coverage/', 'docs/', '**/generated-types.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.json', 'tsconfig.tools.json', 'workbench/page/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname
      }
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error'
    }
  },
  {
    // The rules that Segment's monorepo holds of a destination and its tests.
    files: ['src/**/*.ts', '__tests__/destination/**/*.ts', 'tools/standIn.ts'],
    plugins: { lodash },
    rules: {
      'lodash/import-scope': ['error', 'method'],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@segment/actions-core/*'], message: 'Import from @segment/actions-core itself.' }] }
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'ImportSpecifier[imported.name="createHash"], MemberExpression[property.name="createHash"], Property[key.name="createHash"]',
          message: "Use the monorepo's processHashing instead of createHash."
        }
      ]
    }
  },
  { files: ['**/*.js', '**/*.mjs'], languageOptions: { globals: globals.node } },
  { files: ['**/*.js'], rules: { '@typescript-eslint/no-require-imports': 'off' } }
)
