/**
 * Jest projects by what they need: `unit` nothing, `database` and `api` a cloned database each,
 * `workflow` and `browser` the servers alone (test/run.ts starts them).
 */
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
};

const project = (displayName, ...globs) => ({
  ...base,
  displayName,
  testMatch: globs.map((glob) => `<rootDir>/${glob}`),
});

export default {
  testTimeout: 60_000,
  projects: [
    project(
      'unit',
      'src/{domain,security,config,provision,devices}/**/*.test.ts',
      'test/*.test.ts',
      'web/src/**/*.test.ts',
    ),
    project('database', 'src/{db,audit,operations,auth,activities,mail,threads}/**/*.test.ts'),
    project('api', 'src/{api,realtime,temporal,cli}/**/*.test.ts'),
    project('workflow', 'src/{workflows,workers}/**/*.test.ts'),
    project('browser', 'test/browser/**/*.test.ts'),
  ],
};
