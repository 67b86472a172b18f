# Sourced by what proves something with programs from npm (mcp-conformance, llm-clients), with $root set: installs what a lock file names below artifacts, and finds a Node to run it.
node_version=22.23.5

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
missing() { say "missing: $*"; exit 1; }

# Into $here, from the lock file there; nothing that is installed runs anything.
install_locked() {
    command -v npm >/dev/null || missing 'npm (for example: apt-get install npm)'
    cmp -s "$here/package-lock.json" "$here/.installed" && return
    say 'installing what package-lock.json names'
    (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund --silent) || missing "packages of ${here#"$root"/}/package-lock.json, or the npm registry"
    cp "$here/package-lock.json" "$here/.installed"
}

# $node is Node 22 or newer; where the machine has none, its npm package is as good.
find_node() {
    local major cpu own=$root/artifacts/node
    node=$(command -v node) || node=
    major=$([[ $node ]] && "$node" -p 'process.versions.node.split(".")[0]' || echo 0)
    (( major < 22 )) || return 0
    case $(uname -m) in x86_64) cpu=x64 ;; aarch64) cpu=arm64 ;; *) missing "Node 22 or newer for $(uname -m)" ;; esac
    [[ -x $own/node_modules/node-linux-$cpu/bin/node ]] || {
        say "installing Node $node_version (this machine's is ${node:-missing}, $major)"
        npm install --prefix "$own" --ignore-scripts --no-audit --no-fund --silent "node-linux-$cpu@$node_version" || missing "Node 22 or newer, or the npm registry's node-linux-$cpu@$node_version"
    }
    node=$own/node_modules/node-linux-$cpu/bin/node
}
