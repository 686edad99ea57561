#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prepares the benchmarks on Debian or Ubuntu: the C++ OpenDHT with its headers, a compiler, our
# load generator and C++ drivers in bench/build, and the JavaScript peers in bench/node_modules.
# With `drivers` as the argument only the drivers are built.
set -euo pipefail
cd "$(dirname "$0")"

if [[ ${1:-} != drivers ]]; then
  missing=()
  packages=(g++ pkg-config dhtnode libopendht-dev libgnutls28-dev libmsgpack-dev util-linux)
  packages+=(iproute2 iptables libnetfilter-queue-dev python3-opendht python3-venv)
  for package in "${packages[@]}"; do
    status=$(dpkg-query -Wf '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    [[ $status == ii* ]] || missing+=("$package")
  done
  if ((${#missing[@]} > 0)); then
    as_root=(env DEBIAN_FRONTEND=noninteractive)
    ((EUID == 0)) || as_root=(sudo "${as_root[@]}")
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
  fi
  npm ci --no-audit --no-fund --loglevel=error
fi

mkdir -p build
cc -O2 -o build/udpload cpp/udpload.c
cc -O2 -o build/httpload cpp/httpload.c
cc -O2 -o build/netdelay cpp/netdelay.c -lnetfilter_queue -lnfnetlink
# The macros are those that the library was built with: its headers depend on them.
read -ra flags <<<"$(pkg-config --cflags --libs opendht gnutls)"
flags+=(-DMSGPACK_NO_BOOST -DMSGPACK_DISABLE_LEGACY_NIL -DMSGPACK_DISABLE_LEGACY_CONVERT)
flags+=(-DASIO_STANDALONE -lpthread)
for source in cpp/*.cpp; do
  name=$(basename "$source" .cpp)
  echo "building $name"
  g++ -O2 -std=c++17 -o "build/$name" "$source" "${flags[@]}"
done
