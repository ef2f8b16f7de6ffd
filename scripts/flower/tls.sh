#!/bin/sh
# Like local.sh, but with TLS (a certificate authority created here) and with sites that authenticate by their keys.
#     sh scripts/flower/tls.sh FOLDER --module train_homo_fed --task my.jsonl [argument of main.py ...]
# FOLDER/keys holds every certificate and key that several machines need; utils/flower/README.md says which goes where.
set -eu
cd "$(dirname "$0")/../.."
. scripts/flower/common.sh

keys=$work/keys
mkdir -p "$keys"

# create_certificates: a certificate authority, and a certificate for localhost signed by it.
create_certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 365 -subj "/CN=fedtextgrad CA" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout "$keys/ca.key" -out "$keys/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -subj "/CN=localhost" \
        -keyout "$keys/server.key" -out "$keys/server.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n' \
        >"$keys/server.ext"
    openssl x509 -req -in "$keys/server.csr" -CA "$keys/ca.pem" -CAkey "$keys/ca.key" -CAcreateserial -days 365 \
        -extfile "$keys/server.ext" -out "$keys/server.pem" 2>/dev/null
}

export_shards "$@"
[ -f "$keys/server.pem" ] || create_certificates
superlink --ssl-ca-certfile "$keys/ca.pem" --ssl-certfile "$keys/server.pem" --ssl-keyfile "$keys/server.key" \
    --enable-supernode-auth
write_connection "root-certificates = \"$keys/ca.pem\""
while IFS= read -r name; do
    if [ ! -f "$keys/$name" ]; then
        ssh-keygen -q -t ecdsa -b 384 -N "" -C "$name" -f "$keys/$name" </dev/null
    fi
    flwr supernode register "$keys/$name.pub" local </dev/null >>"$keys/register.log" 2>&1 || true  # registered by an earlier run
    site "$name" --root-certificates "$keys/ca.pem" --auth-supernode-private-key "$keys/$name" \
        --ssl-certfile "$keys/server.pem" --ssl-keyfile "$keys/server.key" --ssl-ca-certfile "$keys/ca.pem"
done <"$work/sites"
run "$@"
