/** `npm run db:migration`: writes the migration from the last snapshot to the entities of now. */
import { loadEnvironment } from '../config/env.ts';
import { openOrm } from '../db/orm.ts';

const environment = loadEnvironment(['database']);
const orm = await openOrm({ url: environment.databaseUrl, poolMax: 2, snapshot: true });
try {
  const { fileName, diff } = await orm.migrator.create();
  if (diff.up.length === 0) console.log('The entities have not changed.');
  else console.log(`src/db/migrations/${fileName}: read it, add what entities cannot say, try it.`);
} finally {
  await orm.close();
}
