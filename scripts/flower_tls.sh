#!/bin/sh
# As flower_local.sh, with TLS by a certificate authority made here, and sites known by their keys alone.
#     sh scripts/flower_tls.sh FOLDER --module train_homo_fed --task my.jsonl [arguments of main.py]
# FOLDER/keys shows every certificate and key that several machines need; README.md tells which belongs where.
set -eu
cd "$(dirname "$0")/.."
. scripts/flower_common.sh

keys=$work/keys
mkdir -p "$keys"

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 365 -subj "/CN=fedtextgrad CA" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout "$keys/ca.key" -out "$keys/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -subj "/CN=localhost" \
        -keyout "$keys/server.key" -out "$keys/server.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n' \
        >"$keys/server.ext"
    openssl x509 -req -in "$keys/server.csr" -CA "$keys/ca.pem" -CAkey "$keys/ca.key" -CAcreateserial -days 365 \
        -extfile "$keys/server.ext" -out "$keys/server.pem" 2>/dev/null
}

deal "$@"
[ -f "$keys/server.pem" ] || authority
superlink --ssl-ca-certfile "$keys/ca.pem" --ssl-certfile "$keys/server.pem" --ssl-keyfile "$keys/server.key" \
    --enable-supernode-auth
export FLWR_HOME="$work/home"
mkdir -p "$FLWR_HOME"
printf '[superlink]\ndefault = "local"\n\n[superlink.local]\naddress = "127.0.0.1:%s"\nroot-certificates = "%s"\n' \
    "$port" "$keys/ca.pem" >"$FLWR_HOME/config.toml"
for name in $(sites); do
    if [ ! -f "$keys/$name" ]; then
        ssh-keygen -q -t ecdsa -b 384 -N "" -C "$name" -f "$keys/$name"
    fi
    flwr supernode register "$keys/$name.pub" local >>"$keys/register.log" 2>&1 || true  # known from an earlier run
    site "$name" --root-certificates "$keys/ca.pem" --auth-supernode-private-key "$keys/$name" \
        --ssl-certfile "$keys/server.pem" --ssl-keyfile "$keys/server.key" --ssl-ca-certfile "$keys/ca.pem"
done
run "$@"
