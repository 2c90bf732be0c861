import { writeFileSync } from 'node:fs';
import { configurationPage } from '../src/config/configuration-page.ts';
import { configJsonSchemaText } from '../src/config/json-schema.ts';

/** Writes what the documentation takes from the configuration's schema. Run from the repository's top folder. */
writeFileSync('docs/orchestration.schema.json', configJsonSchemaText());
writeFileSync('docs/configuration.md', configurationPage());
