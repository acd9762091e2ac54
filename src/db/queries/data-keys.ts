/** Wrapped data keys in the table `data_key`, read and written apart from any transaction. */
import { Pool } from 'pg';

/** A row of `data_key`. */
export interface DataKeyRow {
  readonly id: string;
  readonly subject: string;
  readonly kekId: string;
  readonly wrapped: string;
  readonly commitment: string;
}

/** Look-ups and the insert of `data_key`; `close` ends its connections. */
export interface DataKeyTable {
  findBySubject(subject: string): Promise<DataKeyRow | undefined>;
  findById(id: string): Promise<DataKeyRow | undefined>;
  insertIfAbsent(row: DataKeyRow): Promise<void>;
  close(): Promise<void>;
}

const COLUMNS = 'id, subject, kek_id as "kekId", wrapped, commitment';

/**
 * Opens the table on two connections of its own, made when first used. A caller that seals inside
 * its transaction holds a connection of the ORM's pool; waiting there for a second one could leave
 * a full pool waiting for itself.
 */
export function dataKeyTable(databaseUrl: string): DataKeyTable {
  const pool = new Pool({ connectionString: databaseUrl, max: 2, idleTimeoutMillis: 10_000 });
  // An idle connection that breaks is replaced at the next use; without a listener it ends the process.
  pool.on('error', () => undefined);
  const find = async (column: 'id' | 'subject', value: string): Promise<DataKeyRow | undefined> => {
    const found = await pool.query<DataKeyRow>(
      `select ${COLUMNS} from data_key where ${column} = $1`,
      [value],
    );
    return found.rows[0];
  };
  return {
    findBySubject: (subject) => find('subject', subject),
    findById: (id) => find('id', id),
    async insertIfAbsent(row) {
      await pool.query(
        `insert into data_key (id, subject, kek_id, wrapped, commitment)
         values ($1, $2, $3, $4, $5) on conflict (subject) do nothing`,
        [row.id, row.subject, row.kekId, row.wrapped, row.commitment],
      );
    },
    close: () => pool.end(),
  };
}
