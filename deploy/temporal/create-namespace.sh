#!/bin/sh
# Creates the namespace if it is missing. Takes TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE. The worker
# registers the search attributes itself.
set -eu

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
