# Sourced by ../cluster: processes in the background, each with a PID file and a log.
# run/NAME.pid holds "PID STARTTIME": a PID that another process took over since is never signalled.

starttime() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
pid_of() { local p s; [ -r "$R/run/$1.pid" ] && read -r p s <"$R/run/$1.pid" && [ -n "$s" ] && [ "$(starttime "$p")" = "$s" ] && echo "$p"; }
alive() { pid_of "$1" >/dev/null; }

start() { # start NAME COMMAND...
  local n=$1; shift
  alive "$n" && return 0
  rm -f "$R/run/$n.pid"
  [ ! -s "$R/logs/$n.log" ] || mv "$R/logs/$n.log" "$R/logs/$n.old"
  # shellcheck disable=SC2016 # expanded by the shell that becomes the daemon
  setsid sh -c 'f=$0; echo "$$ $(sed "s/.*) //" /proc/$$/stat | cut -d" " -f20)" >"$f.new"; mv "$f.new" "$f"; exec "$@"' \
    "$R/run/$n.pid" "$@" </dev/null >"$R/logs/$n.log" 2>&1 9>&- &
  for _ in $(seq 100); do [ ! -e "$R/run/$n.pid" ] || return 0; sleep 0.05; done
  die "$n did not start: see $R/logs/$n.log"
}

stop() { # stop NAME...: TERM, and KILL to what is still there after 10 s
  local n p
  for n; do p=$(pid_of "$n") && kill -TERM "$p" 2>/dev/null || true; done
  for n; do
    for _ in $(seq 100); do alive "$n" || break; sleep 0.1; done
    kill9 "$n"
  done
}

kill9() { # kill9 NAME
  local p
  if p=$(pid_of "$1"); then kill -KILL "$p"; fi
  for _ in $(seq 100); do alive "$1" || break; sleep 0.05; done
  rm -f "$R/run/$1.pid"
}

end_strays() { # what still runs from this cluster's own folder without a PID file: a run that was killed may leave it
  local p
  for p in $(pgrep -f -- "$R/(bin|build|etcd)/" || true); do
    case $(cat "/proc/$p/comm" 2>/dev/null) in
      etcd|kube-apiserver|kube-controller|kube-scheduler|qemu-system-x86) say "a stray process: $p"; kill -KILL "$p" 2>/dev/null || true;;
    esac
  done
}

DEADLINE=0
until_ok() { # until_ok WHAT DAEMON COMMAND...: wait until COMMAND succeeds, within the deadline and while DAEMON lives
  local what=$1 d=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $DEADLINE ] || die "$what: not done $UP_LIMIT s after the start; see \`cluster logs\`"
    alive "$d" || die "$d died: $(tail -n 3 "$R/logs/$d.log")"
    sleep 0.5
  done
}
