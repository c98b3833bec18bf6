// plimsoll-cluster is a Kubernetes for tests in one file: each part is the real one, chosen by
// the first argument, as busybox does. README.md tells what each part needs.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // time zones of CronJobs, on machines without a database of them

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// server makes a part out of one of Kubernetes' own commands.
func server(command func() *cobra.Command) func() int {
	return func() int { return cli.Run(command()) }
}

// parts by name. What a part takes is in os.Args, as it would be were it a program of its own.
var parts = map[string]func() int{
	"etcd":                    etcd,
	"kube-apiserver":          server(apiserver.NewAPIServerCommand),
	"kube-controller-manager": server(controllers.NewControllerManagerCommand),
	"kube-scheduler":          server(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"kubelet":                 server(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }),
	"kubectl":                 client,
	"key":                     key,
}

func main() {
	names := make([]string, 0, len(parts))
	for name := range parts {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(os.Args) < 2 || parts[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "usage: plimsoll-cluster PART [ARGS]\nparts: %s\n", strings.Join(names, ", "))
		os.Exit(64)
	}
	part := os.Args[1]
	os.Args = os.Args[1:]
	if os.Getenv("PLIMSOLL_CLUSTER_LIFELINE") == "stdin" {
		go lifeline()
	}
	os.Exit(parts[part]())
}

// lifeline ends this process once the other end of its standard input is gone: a test that is
// killed runs no clean-up, but its pipes are closed all the same.
func lifeline() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// client is kubectl. Its verbosity must be set before the command is made, as in its own main.
func client() int {
	_, _ = logs.GlogSetter(kubectl.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
	return 0
}

// etcd runs one member until it is told to end. Its first line on standard output is the URL
// that clients use: with port 0 (the default) the system chooses one that is free.
func etcd() int {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	data := flags.String("data-dir", "", "folder of the database (required)")
	listen := flags.String("listen-client-url", "http://127.0.0.1:0", "where clients connect")
	fsync := flags.Bool("fsync", false, "survive a crash of the machine; tests need not")
	_ = flags.Parse(os.Args[1:])
	if *data == "" {
		return failed("etcd: --data-dir is required")
	}
	clients, err := url.Parse(*listen)
	if err != nil {
		return failed("etcd: --listen-client-url: %v", err)
	}
	// There is one member, so nobody connects here; a port is opened all the same.
	peers := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config := embed.NewConfig()
	config.Name = "test"
	config.Dir = *data
	config.LogLevel = "error"
	config.UnsafeNoFsync = !*fsync
	config.ListenClientUrls = []url.URL{*clients}
	config.AdvertiseClientUrls = []url.URL{*clients}
	config.ListenPeerUrls = []url.URL{peers}
	config.AdvertisePeerUrls = []url.URL{peers}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	member, err := embed.StartEtcd(config)
	if err != nil {
		return failed("etcd: %v", err)
	}
	defer member.Close()
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	select {
	case <-member.Server.ReadyNotify():
		fmt.Printf("%s://%s\n", clients.Scheme, member.Clients[0].Addr())
	case err := <-member.Err():
		return failed("etcd: %v", err)
	case <-ended:
		return 0
	}
	select {
	case err := <-member.Err():
		return failed("etcd: %v", err)
	case <-ended:
		return 0
	}
}

// key writes a new private key: what the API server signs service account tokens with.
func key() int {
	if len(os.Args) != 2 {
		return failed("usage: plimsoll-cluster key FILE")
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return failed("key: %v", err)
	}
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return failed("key: %v", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(os.Args[1], text, 0o600); err != nil {
		return failed("key: %v", err)
	}
	return 0
}

func failed(format string, args ...any) int {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	return 1
}
