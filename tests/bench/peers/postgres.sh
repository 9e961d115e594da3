#!/bin/sh
# A throwaway PostgreSQL on a unix socket in FOLDER, with the bank in it: postgres.sh start|stop FOLDER.
# Its commits are durable (fsync and synchronous_commit are on, as they are from the factory).
set -eu
action=$1
folder=$2
for bin in /usr/lib/postgresql/*/bin; do [ -d "$bin" ] && PATH="$PATH:$bin"; done
if ! command -v initdb >/dev/null; then echo "initdb is not installed" >&2; exit 1; fi
# PostgreSQL refuses to run as root.
as() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/sh -c "PATH='$PATH'; $1"; else sh -c "$1"; fi; }
if [ "$action" = stop ]; then
  as "pg_ctl -D '$folder/data' -m fast -w stop" >/dev/null
  exit
fi
mkdir -p "$folder"
if [ "$(id -u)" = 0 ]; then chmod 755 "$(dirname "$folder")"; chown postgres "$folder"; fi
as "initdb -D '$folder/data' -U postgres -A trust" >/dev/null
as "pg_ctl -D '$folder/data' -l '$folder/log' -w start -o \"-c listen_addresses='' -c shared_buffers=1GB -c unix_socket_directories='$folder' -c max_wal_size=8GB\"" >/dev/null
as "psql -q -h '$folder' -U postgres -d postgres" <<'SQL'
create table account(id integer primary key, owner text not null, balance bigint not null);
create table transfer(id bigserial primary key, src integer not null, dst integer not null, amount integer not null);
insert into account select i, 'owner-' || lpad(i::text, 8, '0'), 1000000 from generate_series(0, 99999) i;
analyze;
SQL
