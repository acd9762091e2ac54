/** The only reader of process.env: settings parsed once, typed, every problem listed at once. */
import { z } from 'zod';

const switchOn = z
  .enum(['0', '1', 'true', 'false', ''])
  .default('0')
  .transform((value) => value === '1' || value === 'true');

const port = z.coerce.number().int().min(0).max(65_535);

const schema = z.object({
  NODE_ENV: z.string().default('development'),
  PORT: port.default(3000),
  HOST: z.string().min(1).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL_MAX: z.coerce.number().int().min(1).max(200).default(10),
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_API_KEY: z.string().min(1).optional(),
  TEMPORAL_TLS: switchOn,
  TASK_QUEUE_PREFIX: z.string().default(''),
  TEMPORAL_CODEC_KEYS: z.string().min(1).optional(),
  WORKER_BUILD_ID: z.string().min(1).optional(),
  WORKER_METRICS_ADDRESS: z.string().min(1).optional(),
  WORKFLOW_BUNDLE: z.string().min(1).optional(),
  KEY_FOLDER: z.string().default('var/keys'),
  SECRET_KEY: z.string().optional(),
  ENCRYPTION_KEY: z.string().optional(),
  PUBLIC_ORIGINS: z.string().default(''),
  TRUST_PROXY: z.string().default(''),
  CAMPUS_NETWORKS: z.string().default(''),
  AUTH_SECOND_FACTOR: z.enum(['required', 'optional']).optional(),
  RATE_LIMIT_SCALE: z.coerce.number().min(0.01).max(1_000).default(1),
  METRICS_TOKEN: z.string().min(22).optional(),
  DASHBOARD_URL: z.url({ protocol: /^https?$/ }).optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*@[^\r\n]+$/, 'give an address')
    .optional(),
  MAIL_FOLDER: z.string().default('var/mail'),
  EMAIL_HOST: z
    .string()
    .regex(/^[\w.-]+$/, 'give a host name')
    .optional(),
  EMAIL_PORT: port.default(587),
  EMAIL_USE_TLS: z.stringbool().default(true),
  EMAIL_HOST_USER: z.string().min(1).optional(),
  EMAIL_HOST_PASSWORD: z.string().min(1).optional(),
  OPERATOR_DECISIONS: z.enum(['on', 'off']).default('on'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  TEST_CLOCK: switchOn,
  TZ: z.string().optional(),
});

/** Settings of one process, named in the product's words. */
export interface Environment {
  readonly isProduction: boolean;
  readonly port: number;
  /** Address the API listens on: every one in production, loopback elsewhere, unless HOST says. */
  readonly host: string;
  readonly databaseUrl: string;
  readonly databasePoolMax: number;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalApiKey: string | undefined;
  readonly temporalTls: boolean;
  /** Put before every task queue name, so that test databases do not share workers. */
  readonly taskQueuePrefix: string;
  /** `id:base64` pairs; set, every payload that reaches Temporal is encrypted. */
  readonly temporalCodecKeys: string | undefined;
  /** The commit a worker runs; set, it takes part in worker versioning. */
  readonly workerBuildId: string | undefined;
  /** `host:port` where a worker serves its metrics; unset, it serves none. */
  readonly workerMetricsAddress: string | undefined;
  /** File of a prebuilt workflow bundle; unset, the worker bundles the source itself. */
  readonly workflowBundle: string | undefined;
  readonly keyFolder: string;
  readonly secretKey: string | undefined;
  readonly encryptionKey: string | undefined;
  readonly publicOrigins: readonly string[];
  readonly trustProxy: string;
  /** Networks whose addresses have the larger allowance; outside production loopback is one. */
  readonly campusNetworks: readonly string[];
  /**
   * `required`: a first device needs the code that is mailed to its person. Production knows nothing
   * less; elsewhere it is `optional` unless AUTH_SECOND_FACTOR says otherwise (trust.md section 2).
   */
  readonly secondFactor: 'required' | 'optional';
  /** Multiplies every rate limit. */
  readonly rateLimitScale: number;
  readonly metricsToken: string | undefined;
  readonly operatorDecisions: boolean;
  /** Address of the dashboard, for the links in mail; unset, mail has none. */
  readonly dashboardUrl: string | undefined;
  /** `smtp://` or `smtps://` address of the mail server, with its account; a secret. */
  readonly smtpUrl: string | undefined;
  /** The sender of mail; always set where `smtpUrl` is. */
  readonly mailFrom: string | undefined;
  /** Folder of mail that is not sent: outside production, without a mail server. */
  readonly mailFolder: string;
  readonly logLevel: string;
  readonly testClock: boolean;
}

/** What a process cannot run without. */
export type Requirement = 'database' | 'utc' | 'secrets';

/**
 * Parses the environment.
 * @param requirements  `database`: DATABASE_URL is set; `utc`: TZ is UTC; `secrets`: in production
 *   SECRET_KEY and ENCRYPTION_KEY are set and not the sample values
 * @param source        the variables; process.env by default
 * @throws Error that lists every problem in one message
 */
export function loadEnvironment(
  requirements: readonly Requirement[],
  source: NodeJS.ProcessEnv = process.env,
): Environment {
  // An empty value, as in a copied .env.example, means the same as none.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const values = parsed.success ? parsed.data : undefined;
  if (values) problems.push(...missing(values, requirements));
  if (!values || problems.length > 0) {
    throw new Error(`The environment is not usable:\n  ${problems.join('\n  ')}`);
  }
  return {
    isProduction: values.NODE_ENV === 'production',
    port: values.PORT,
    host: values.HOST ?? (values.NODE_ENV === 'production' ? '0.0.0.0' : '127.0.0.1'),
    databaseUrl: values.DATABASE_URL ?? '',
    databasePoolMax: values.DATABASE_POOL_MAX,
    temporalAddress: values.TEMPORAL_ADDRESS,
    temporalNamespace: values.TEMPORAL_NAMESPACE,
    temporalApiKey: values.TEMPORAL_API_KEY,
    temporalTls: values.TEMPORAL_TLS,
    taskQueuePrefix: values.TASK_QUEUE_PREFIX,
    temporalCodecKeys: values.TEMPORAL_CODEC_KEYS,
    workerBuildId: values.WORKER_BUILD_ID,
    workerMetricsAddress: values.WORKER_METRICS_ADDRESS,
    workflowBundle: values.WORKFLOW_BUNDLE,
    keyFolder: values.KEY_FOLDER,
    secretKey: values.SECRET_KEY,
    encryptionKey: values.ENCRYPTION_KEY,
    publicOrigins: listOf(values.PUBLIC_ORIGINS),
    trustProxy: values.TRUST_PROXY,
    campusNetworks: [
      ...listOf(values.CAMPUS_NETWORKS),
      ...(values.NODE_ENV === 'production' ? [] : LOOPBACK),
    ],
    secondFactor:
      values.AUTH_SECOND_FACTOR ?? (values.NODE_ENV === 'production' ? 'required' : 'optional'),
    rateLimitScale: values.RATE_LIMIT_SCALE,
    metricsToken: values.METRICS_TOKEN,
    operatorDecisions: values.OPERATOR_DECISIONS === 'on',
    dashboardUrl: values.DASHBOARD_URL,
    smtpUrl: smtpUrlOf(values),
    mailFrom: mailFromOf(values),
    mailFolder: values.MAIL_FOLDER,
    logLevel: values.LOG_LEVEL,
    testClock: values.TEST_CLOCK,
  };
}

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);

/** SMTP_URL, or the address that the original specification's five names describe. */
function smtpUrlOf(values: z.infer<typeof schema>): string | undefined {
  const { SMTP_URL, EMAIL_HOST: host, EMAIL_PORT: portNumber, EMAIL_USE_TLS: usesTls } = values;
  if (SMTP_URL !== undefined || host === undefined) return SMTP_URL;
  const isImplicit = portNumber === 465;
  const url = new URL(`${isImplicit ? 'smtps' : 'smtp'}://${host}:${portNumber}`);
  url.username = encodeURIComponent(values.EMAIL_HOST_USER ?? '');
  url.password = encodeURIComponent(values.EMAIL_HOST_PASSWORD ?? '');
  if (!isImplicit) url.searchParams.set(usesTls ? 'requireTLS' : 'ignoreTLS', 'true');
  return url.href;
}

function mailFromOf(values: z.infer<typeof schema>): string | undefined {
  const user = values.EMAIL_HOST_USER;
  return values.MAIL_FROM ?? (user?.includes('@') ? user : undefined);
}

const SAMPLE_SECRETS = new Set(['your-secret-key', 'your-encryption-key', 'changeme', 'secret']);

function missing(values: z.infer<typeof schema>, requirements: readonly Requirement[]): string[] {
  const problems: string[] = [];
  if (requirements.includes('database') && !values.DATABASE_URL) {
    problems.push('DATABASE_URL: set it to postgres://user:password@host:port/database');
  }
  if (smtpUrlOf(values) !== undefined && mailFromOf(values) === undefined) {
    problems.push('MAIL_FROM: a mail server is set, so give the address that mail comes from');
  }
  if (requirements.includes('utc') && values.TZ !== 'UTC') {
    problems.push('TZ: start the process with TZ=UTC, as the npm scripts do');
  }
  if (requirements.includes('secrets') && values.NODE_ENV === 'production') {
    if (values.AUTH_SECOND_FACTOR === 'optional') {
      problems.push('AUTH_SECOND_FACTOR: production needs it required; leave it empty');
    }
    if (!values.TEMPORAL_CODEC_KEYS) {
      problems.push('TEMPORAL_CODEC_KEYS: production needs id:key, the key 32 bytes in base64');
    }
    for (const name of ['SECRET_KEY', 'ENCRYPTION_KEY'] as const) {
      const value = values[name] ?? '';
      if (value.length < 32 || SAMPLE_SECRETS.has(value)) {
        problems.push(`${name}: production needs a secret of at least 32 characters`);
      }
    }
  }
  return problems;
}
