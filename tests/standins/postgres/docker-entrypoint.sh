#!/bin/sh
# The first start makes a cluster from the POSTGRES_ variables, reachable only by its socket until it is complete;
# every start then serves it as user postgres.
set -eu
[ "${1#-}" = "$1" ] || set -- postgres "$@"

if [ "$1" = postgres ] && [ "$(id -u)" = 0 ]; then
  install --directory --owner=postgres --group=postgres --mode=0700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  password=$(mktemp)
  printf '%s\n' "${POSTGRES_PASSWORD:?expected a password for the superuser, got none}" >"$password"
  initdb --username="$user" --pwfile="$password" --encoding=UTF8 --locale=C.UTF-8 --auth-host=scram-sha-256 >/dev/null
  rm "$password"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  sed -i "s/^#listen_addresses = .*/listen_addresses = '*'/" "$PGDATA/postgresql.conf"
  sed -i "s|^#unix_socket_directories = .*|unix_socket_directories = '/var/run/postgresql'|" "$PGDATA/postgresql.conf"

  pg_ctl -w start -o "-c listen_addresses=''" >/dev/null
  [ "$database" = postgres ] || createdb --username="$user" --maintenance-db=postgres "$database"
  pg_ctl -w -m fast stop >/dev/null
fi

exec "$@"
