/** Jest projects: pure tests run anywhere, the others get real servers from test/global-setup.ts. */
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

export default {
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/src/{domain,security,config,provision}/**/*.test.ts',
        '<rootDir>/test/*.test.ts',
      ],
    },
  ],
};
