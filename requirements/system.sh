#!/usr/bin/env bash
# Programs from Debian's packages that the demo, the tests and the benchmark use. Installs what is missing when it may,
# else says exactly what to install.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"
# Debian keeps the server of PostgreSQL out of the path.
for folder in /usr/lib/postgresql/*/bin; do PATH="$PATH:$folder"; done

declare -A packages=([curl]=curl [nginx]=nginx-light [postgres]=postgresql [ip]=iproute2 [nft]=nftables [nsenter]=util-linux [strace]=strace [valgrind]=valgrind [wrk]=wrk [chromium]=chromium [go]=golang-go [javac]=default-jdk-headless [mvn]=maven)
missing=()
# Pictures of the console in Chinese need a font that has it.
fc-list :lang=zh 2>/dev/null | grep -q . || missing+=(fonts-wqy-zenhei)
for program in "${!packages[@]}"; do
    command -v "$program" >/dev/null || missing+=("${packages[$program]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then become=(); elif sudo -n true 2>/dev/null; then become=(sudo -n); else
    echo "Please install these packages, then run this again: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi
echo "Installing ${missing[*]}"
"${become[@]}" apt-get update -qq
# The package's own service is not wanted: every nginx here is started by a test or the demo.
"${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
