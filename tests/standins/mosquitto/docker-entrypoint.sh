#!/bin/sh
# Started as root, everything under /mosquitto is handed to the broker's user, to which it drops by itself.
set -e
[ "$(id -u)" != 0 ] || chown -R mosquitto:mosquitto /mosquitto || true
exec "$@"
