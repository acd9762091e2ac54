#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: one account and database for the product, one
# account with two databases for Temporal. Neither can see the other's data.
set -eu

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  -v attendance_password="$ATTENDANCE_DB_PASSWORD" -v temporal_password="$TEMPORAL_DB_PASSWORD" <<'SQL'
create role attendance login password :'attendance_password';
create role temporal login password :'temporal_password';
create database attendance owner attendance;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke connect on database attendance, temporal, temporal_visibility from public;
SQL
