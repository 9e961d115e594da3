// The bank with fastify: fastify_peer.js PORT sqlite|pg. Every answered transfer is durable.
const [, , port, mode] = process.argv;
const app = require('fastify')();
const account = { response: { 200: { type: 'object', properties: { id: { type: 'integer' }, owner: { type: 'string' }, balance: { type: 'integer' } } } } };
const transfer = {
  body: { type: 'object', required: ['src', 'dst', 'amount'], properties: { src: { type: 'integer' }, dst: { type: 'integer' }, amount: { type: 'integer' } } },
  response: { 200: { type: 'object', properties: { ok: { type: 'boolean' } } } },
};
if (mode === 'sqlite') {
  const db = new (require('better-sqlite3'))('fastify.db');
  db.pragma('journal_mode=WAL');
  db.pragma('synchronous=FULL');
  db.exec('create table account(id integer primary key, owner text not null, balance integer not null); create table transfer(id integer primary key, src integer not null, dst integer not null, amount integer not null)');
  const fill = db.prepare('insert into account values(?,?,?)');
  db.transaction(() => { for (let i = 0; i < 100000; i++) fill.run(i, 'owner-' + String(i).padStart(8, '0'), 1000000); })();
  const get = db.prepare('select id,owner,balance from account where id=?');
  const balance = db.prepare('select balance from account where id=?').pluck();
  const update = db.prepare('update account set balance=? where id=?');
  const insert = db.prepare('insert into transfer(src,dst,amount) values(?,?,?)');
  const move = db.transaction((src, dst, amount) => {
    const x = balance.get(src), y = balance.get(dst);
    if (x < amount || src === dst) return false;
    update.run(x - amount, src);
    update.run(y + amount, dst);
    insert.run(src, dst, amount);
    return true;
  }).immediate;
  app.get('/acct/:id', { schema: account }, async r => get.get(+r.params.id));
  app.post('/transfer', { schema: transfer }, async r => ({ ok: move(r.body.src, r.body.dst, r.body.amount) }));
} else {
  const { Pool } = require('pg');
  // The folder of the socket comes from PGHOST.
  const pool = new Pool({ user: 'postgres', database: 'postgres', max: 16 });
  app.get('/acct/:id', { schema: account }, async r =>
    (await pool.query({ name: 'get', text: 'select id,owner,balance from account where id=$1', values: [+r.params.id] })).rows[0]);
  app.post('/transfer', { schema: transfer }, async r => {
    const { src, dst, amount } = r.body;
    const c = await pool.connect();
    try {
      await c.query('begin');
      const balance = {};
      // Locked in one order, so that no two transfers wait for each other.
      for (const id of src < dst ? [src, dst] : [dst, src])
        balance[id] = (await c.query({ name: 'balance', text: 'select balance from account where id=$1 for update', values: [id] })).rows[0].balance;
      let ok = false;
      if (Number(balance[src]) >= amount && src !== dst) {
        await c.query({ name: 'update', text: 'update account set balance=balance+$1 where id=$2', values: [-amount, src] });
        await c.query({ name: 'update', text: 'update account set balance=balance+$1 where id=$2', values: [amount, dst] });
        await c.query({ name: 'insert', text: 'insert into transfer(src,dst,amount) values($1,$2,$3)', values: [src, dst, amount] });
        ok = true;
      }
      await c.query('commit');
      return { ok };
    } catch (e) {
      await c.query('rollback');
      throw e;
    } finally {
      c.release();
    }
  });
}
app.listen({ port: +port, host: '127.0.0.1' });
