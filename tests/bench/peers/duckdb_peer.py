# Four TPC-H queries in DuckDB on one thread: duckdb_peer.py FOLDER ROUNDS; prints one JSON document.
# Times are those of the processor, of which one thread uses one: other work on the machine does not count.
# The tables come from the CSV files in FOLDER into a native database file there.
import json
import statistics
import sys
import time

import duckdb

folder, rounds = sys.argv[1], int(sys.argv[2])
QUERIES = {
    "q1": "select l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice), sum(l_extendedprice * (1 - l_discount)), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*) from lineitem where l_shipdate <= date '1998-09-02' group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus",
    "q3": "select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate, o_shippriority from customer, orders, lineitem where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate < date '1995-03-15' and l_shipdate > date '1995-03-15' group by l_orderkey, o_orderdate, o_shippriority order by revenue desc, o_orderdate limit 10",
    "q6": "select sum(l_extendedprice * l_discount) from lineitem where l_shipdate >= date '1994-01-01' and l_shipdate < date '1995-01-01' and l_discount between 0.05 and 0.07 and l_quantity < 24",
    "q18": "select c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) from customer, orders, lineitem where o_orderkey in (select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 300) and c_custkey = o_custkey and o_orderkey = l_orderkey group by c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice order by o_totalprice desc, o_orderdate limit 100",
}
TABLES = {
    "customer": "c_custkey bigint, c_name varchar, c_address varchar, c_nationkey integer, c_phone varchar, c_acctbal decimal(15,2), c_mktsegment varchar, c_comment varchar",
    "orders": "o_orderkey bigint, o_custkey bigint, o_orderstatus varchar, o_totalprice decimal(15,2), o_orderdate date, o_orderpriority varchar, o_clerk varchar, o_shippriority integer, o_comment varchar",
    "lineitem": "l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber integer, l_quantity decimal(15,2), l_extendedprice decimal(15,2), l_discount decimal(15,2), l_tax decimal(15,2), l_returnflag varchar, l_linestatus varchar, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct varchar, l_shipmode varchar, l_comment varchar",
}
db = duckdb.connect(f"{folder}/peer.duckdb")
db.execute("set threads=1")
for table, columns in TABLES.items():
    db.execute(f"create table {table}({columns})")
    db.execute(f"copy {table} from '{folder}/{table}.csv' (format csv, header true)")
db.execute("checkpoint")
out = {"version": duckdb.__version__}
for name, text in QUERIES.items():
    rows = db.execute(text).fetchall()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        db.execute(text).fetchall()
        times.append((time.process_time() - start) * 1e3)
    out[name] = {"ms": statistics.median(times), "rows": [[str(cell) for cell in row] for row in rows]}
print(json.dumps(out))
