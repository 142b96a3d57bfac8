import js from '@eslint/js'
import lodash from 'eslint-plugin-lodash'
import globals from 'globals'
import tseslint from 'typescript-eslint'

/** The rooms of the workbench, and from which others each may import. Arrows run down only. */
const ROOMS = {
  app: ['inspect', 'segment', 'sandbox', 'shared'],
  inspect: ['segment', 'sandbox', 'shared'],
  segment: ['shared'],
  sandbox: ['shared'],
  page: ['shared'],
  shared: []
}

function roomRules([room, below]) {
  const others = Object.keys(ROOMS).filter((other) => other !== room && !below.includes(other))
  const message = `workbench/${room}/ may import from ${
    below.length ? `the rooms ${below.join(', ')}` : 'no other room'
  }. Move what both need down, or hand it in.`
  return {
    files: [`workbench/${room}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: `^(\\.\\./)+(workbench/)?((${others.join('|')})(/|$)|main$)`, message }] }
      ]
    }
  }
}

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
        {
          patterns: [
            { group: ['@segment/actions-core/*'], message: 'Import from @segment/actions-core itself.' },
            {
              regex: '^(\\.\\./)+(workbench|backfill|source|tools(?!/standIn$)|bench)(/|$)',
              message: "The destination goes into Segment's monorepo, where nothing of this is."
            }
          ]
        }
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
  ...Object.entries(ROOMS).map(roomRules),
  {
    files: ['__tests__/**/*.ts'],
    ignores: ['__tests__/destination/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          name: 'nock',
          message:
            "Importing nock changes Node's http for all test files that the process runs later. Use gatewayAnswers and withoutNetwork of the destination's helpers, which put it back."
        }
      ]
    }
  },
  { files: ['**/*.js', '**/*.mjs'], languageOptions: { globals: globals.node } },
  { files: ['**/*.js'], rules: { '@typescript-eslint/no-require-imports': 'off' } }
)
