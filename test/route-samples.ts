/** Makes the smallest acceptable value of a schema, so that tests can call every route. */
import { z } from 'zod';

type Json = Readonly<Record<string, unknown>>;

/**
 * A value the schema accepts as far as its JSON Schema tells; rules across fields are not known.
 * @param named  values for members by name, used wherever a member of that name appears
 */
export function sampleOf(schema: z.ZodType, named: Readonly<Record<string, unknown>>): unknown {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  return sample(json, named);
}

function sample(schema: Json, named: Readonly<Record<string, unknown>>): unknown {
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  const options = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(options)) return sample(options[0] as Json, named);
  switch (schema['type']) {
    case 'object':
      return sampleObject(schema, named);
    case 'array':
      return [sample((schema['items'] ?? {}) as Json, named)];
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 1;
    case 'boolean':
      return true;
    case 'string':
      return sampleText(schema);
    default:
      return {};
  }
}

function sampleObject(schema: Json, named: Readonly<Record<string, unknown>>): Json {
  const properties = (schema['properties'] ?? {}) as Record<string, Json>;
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.fromEntries(
    required.map((key) => [key, key in named ? named[key] : sample(properties[key] ?? {}, named)]),
  );
}

function sampleText(schema: Json): string {
  switch (schema['format']) {
    case 'uuid':
    case 'guid':
      return '019365f0-0000-7000-8000-000000000000';
    case 'date':
      return new Date().toISOString().slice(0, 10);
    case 'date-time':
      return new Date().toISOString();
    default:
      return typeof schema['pattern'] === 'string' && schema['pattern'].includes('-')
        ? '019365f0-0000-7000-8000-000000000000'
        : 'a sample';
  }
}
