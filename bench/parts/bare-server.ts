/**
 * The reference of the HTTP benchmarks: the least that keeps something. Express parses a JSON body
 * and one autocommitted insert stores it; no person, no proof, no rules.
 */
import express from 'express';
import { Pool } from 'pg';

const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 16 });
await pool.query('create table if not exists bare_scan (body jsonb)');
const app = express();
app.disable('x-powered-by');
app.post('/bare', express.json(), async (request, response) => {
  await pool.query('insert into bare_scan (body) values ($1)', [request.body]);
  response.status(201).json({ status: 'kept' });
});
const server = app.listen(Number(process.env['PORT']), '127.0.0.1');
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => void pool.end());
});
