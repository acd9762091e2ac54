/** The explicit list of entities that MikroORM maps. */
export * from './conflicts.ts';
export * from './device-keys.ts';
export * from './devices.ts';
export * from './marks.ts';
export * from './notifications.ts';
export * from './people.ts';
export * from './plumbing.ts';
export * from './presence.ts';
export * from './requests.ts';
export * from './sessions.ts';
export * from './structure.ts';
export * from './timetable.ts';
export * from './trust.ts';
