#!/bin/sh
# The processes of a test node: node.sh FOLDER PROGRAM GROUP, as root. node.rs writes the
# configuration into FOLDER, starts this and reads along. It ends when its standard input closes,
# and then nothing is left: not a process, a mount, an interface, a cgroup or the folder.
#
# Outside, it makes the cgroups, and cleans up. Inside namespaces of its own (this script again,
# with a fourth argument) it is the first process: the kernel ends all others with it, the shims
# of containerd and the containers too, whatever happened before.
set -eu
folder=$1 program=$2 group=$3

if [ $# = 3 ]; then
    # Of version 1 there is a mount for each controller, of version 2 there is one.
    groups=$(awk -v group="$group" '$3 == "cgroup" || $3 == "cgroup2" { print $2 "/" group }' /proc/mounts)
    for path in $groups; do
        mkdir "$path"
        # A group of version 1 has no processors and no memory until it is given some.
        for file in cpuset.cpus cpuset.mems; do
            if [ -e "$path/$file" ] && [ -z "$(cat "$path/$file")" ]; then
                cat "$path/../$file" >"$path/$file" || true
            fi
        done
    done
    # A shell gives what runs beside it an empty input unless it has one by another number.
    exec 3<&0
    unshare --mount --net --pid --ipc --fork --mount-proc \
        sh "$0" "$folder" "$program" "$group" inside <&3 3<&- &
    echo "$!" >"$folder/pid.new"
    mv "$folder/pid.new" "$folder/pid"
    code=0
    wait "$!" || code=$?
    for path in $groups; do
        # A process that has just ended may still be counted.
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            [ -d "$path" ] || break
            find "$path" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.2
        done
    done
    # It ended by itself: the logs stay for the test to read.
    echo "$code" >"$folder/ended"
    cat >/dev/null
    rm -rf -- "$folder"
    exit "$code"
fi

# What would reach the machine goes to memory that is gone with these namespaces.
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/log
mkdir -p /run/lib/upper /run/lib/work
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/lib/upper,workdir=/run/lib/work overlay /var/lib
# The kubelet wants the kernel to be set so, and would set it for the whole machine.
setting() {
    [ -e "/proc/sys/$1" ] || return 0
    echo "$2" >"/run/$(basename "$1")"
    mount --bind "/run/$(basename "$1")" "/proc/sys/$1"
}
setting vm/overcommit_memory 1
setting vm/panic_on_oom 0
setting kernel/panic 10
setting kernel/panic_on_oops 1
setting kernel/keys/root_maxkeys 1000000
setting kernel/keys/root_maxbytes 25000000

ip link set lo up
# Stands for the machine's network. Not every kernel has the dummy device; a bridge does as well.
ip link add node0 type bridge
ip address add 10.77.0.1/24 dev node0
ip link set node0 up
ip route add default dev node0
# The first address of services is that of the API server, which so needs no kube-proxy.
ip address add 10.96.0.1/32 dev lo
echo 1 >/proc/sys/net/ipv4/ip_forward

part() {
    name=$1
    shift
    "$program" "$name" "$@" </dev/null >"$folder/$name.log" 2>&1 &
}

containerd --config "$folder/containerd.toml" </dev/null >"$folder/containerd.log" 2>&1 &
part etcd --data-dir "$folder/etcd" --listen-client-url http://127.0.0.1:2379
part kube-apiserver \
    --etcd-servers http://127.0.0.1:2379 \
    --bind-address 0.0.0.0 --advertise-address 10.77.0.1 --secure-port 443 \
    --cert-dir "$folder/certificates" \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$folder/service-account.key" \
    --service-account-signing-key-file "$folder/service-account.key" \
    --service-cluster-ip-range 10.96.0.0/16 \
    --token-auth-file "$folder/tokens.csv" --authorization-mode RBAC \
    --allow-privileged --enable-aggregator-routing \
    --kubelet-preferred-address-types InternalIP
until "$program" kubectl --kubeconfig "$folder/kubeconfig" get --raw=/readyz >/dev/null 2>&1; do
    kill -0 "$!" || exit 1
    sleep 0.3
done
part kube-controller-manager --kubeconfig "$folder/kubeconfig" --leader-elect=false \
    --root-ca-file "$folder/certificates/apiserver.crt" \
    --service-account-private-key-file "$folder/service-account.key"
part kube-scheduler --kubeconfig "$folder/kubeconfig" --leader-elect=false
part kubelet --kubeconfig "$folder/kubeconfig" --config "$folder/kubelet.yaml" \
    --hostname-override node --node-ip 10.77.0.1 \
    --root-dir "$folder/kubelet" --cert-dir "$folder/kubelet-certificates"

# Until nobody holds the other end.
cat >/dev/null
