import eslint from '@eslint/js';
import angular from 'angular-eslint';
import { defineConfig, globalIgnores } from 'eslint/config';
import typescript from 'typescript-eslint';

export default defineConfig([
  globalIgnores(['dist/', '.angular/', 'src/app/api/schema.ts']),
  {
    files: ['src/**/*.ts'],
    extends: [
      eslint.configs.recommended,
      typescript.configs.strictTypeChecked,
      typescript.configs.stylisticTypeChecked,
      angular.configs.tsRecommended,
    ],
    processor: angular.processInlineTemplates,
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@angular-eslint/component-selector': ['error', { type: 'element', prefix: 'app', style: 'kebab-case' }],
      // a decorated class may be all declaration
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // a number in a sentence needs no String()
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // the guard for "the map holds it" is the question mark, not the exclamation mark
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },
  {
    files: ['src/**/*.html', 'src/**/*.ts/*.html'],
    extends: [angular.configs.templateRecommended, angular.configs.templateAccessibility],
  },
]);
