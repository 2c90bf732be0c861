import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { operations } from '../operations.ts';
import { openApi } from './openapi.ts';

test('the OpenAPI document is as recorded', async () => {
  const document = await openApi(operations, '0.0.0');
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('../../../test/golden/openapi.json');
});

test('it is a valid document of OpenAPI 3.1', async () => {
  const document = JSON.parse(JSON.stringify(await openApi(operations, '0.0.0'))) as Record<string, unknown>;
  const validator = new Validator();
  expect(await validator.validate(document)).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('every reference leads somewhere, and every operation for HTTP is there', async () => {
  const document = JSON.parse(JSON.stringify(await openApi(operations, '0.0.0'))) as { paths: Record<string, unknown> };
  const references: string[] = [];
  JSON.stringify(document, (key, value: unknown) => {
    if (key === '$ref') references.push(String(value));
    return value;
  });
  for (const reference of references) expect(reference).toBe('#/components/schemas/Problem');
  const expected = (await operations.all()).filter(({ surfaces }) => surfaces.includes('http')).map(({ name }) => `/api/v1/${name.replaceAll('.', '/')}`);
  expect(Object.keys(document.paths).toSorted()).toEqual(['/health', ...expected].toSorted());
});
