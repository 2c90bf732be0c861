import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configurationPage } from './configuration-page.ts';
import { configJsonSchema, configJsonSchemaText } from './json-schema.ts';
import { configKeys } from './keys.ts';

describe('JSON schema', () => {
  test('the committed schema is what the code says (npm run docs)', () => {
    expect(readFileSync('docs/orchestration.schema.json', 'utf8')).toBe(configJsonSchemaText());
  });

  test('the committed page of keys is what the code says (npm run docs)', () => {
    expect(readFileSync('docs/configuration.md', 'utf8')).toBe(configurationPage());
  });

  test('allows what may be written, not what it becomes', () => {
    const { properties, additionalProperties } = configJsonSchema();
    expect(additionalProperties).toBe(false);
    expect(properties?.['limits']?.properties?.['turn_timeout']).toMatchObject({ default: '60m', anyOf: [{ type: 'string' }, { const: 0 }] });
    expect(properties?.['doc_whitelist']?.anyOf?.map(({ type }) => type)).toEqual(['array', 'string']);
    expect(properties?.['sandbox']?.anyOf?.[0]).toEqual({ type: 'string', enum: ['auto', 'off', 'strict'] });
    expect(properties?.['router']?.properties?.['mode']?.enum).toContain('only');
  });

  test('every key is on the page', () => {
    const page = configurationPage();
    for (const { path } of configKeys()) expect(page).toContain(`| \`${path.join('.')}\` |`);
  });
});
