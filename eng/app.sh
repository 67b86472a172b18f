# Sourced by ../cabincrew and build-app, with $root set: where the built program is, and whether it is older than what it is made of.
app=$root/artifacts/app
stamp=$app/.built

# True when a source is newer than the stamp. Directories count too, so that a deleted file is seen.
app_is_stale() {
    [[ -f $stamp && -x $app/cabincrew ]] || return 0
    [[ -n $(cd "$root" && find src adapters engines servers schemas policies models eng/App.proj Directory.Build.props Directory.Packages.props global.json \
        \( -name bin -o -name obj \) -prune -o -newer "$stamp" -print -quit 2>/dev/null) ]]
}

# The program's own launcher looks in the default places only; anywhere else it must be told.
find_dotnet_root() {
    [[ -n ${DOTNET_ROOT:-} || -e /etc/dotnet/install_location || -d /usr/share/dotnet/host || -d /usr/lib/dotnet/host ]] && return
    local d
    if [[ -d ${HOME:-/nowhere}/.dotnet/host ]]; then export DOTNET_ROOT=$HOME/.dotnet
    elif d=$(command -v dotnet); then d=$(readlink -f "$d"); export DOTNET_ROOT=${d%/*}; fi
}
