package servers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// KafkaOptions says how the brokers of a Kafka are to run. The zero value works.
type KafkaOptions struct {
	// Brokers is how many there are, each a controller too; 0 means 1.
	Brokers int
	// Advertise gives each broker the address at which clients are to reach it, such as that of a proxy before addr; nil
	// means addr itself. The brokers reach one another without it.
	Advertise func(broker int, addr string) string
	// Settings are parameters of each broker beside or instead of those here, such as min.insync.replicas.
	Settings map[string]string
}

// Kafka is a cluster of brokers without ZooKeeper, encryption or passwords. Its methods are for one goroutine.
type Kafka struct {
	Addrs []string // host and port of each broker

	dir      string
	jars     string
	settings []map[string]string
	brokers  []*process // nil for one that does not run
}

// StartKafka starts a cluster and returns when every broker knows all of them, or ErrAbsent as KafkaJars. One broker takes
// 6 seconds, three take 16, and each half a gigabyte.
func StartKafka(ctx context.Context, opts KafkaOptions) (k *Kafka, err error) {
	jars, err := KafkaJars(ctx)
	if err != nil {
		return nil, err
	}
	for range 3 { // a port that was free may be another's by the time the broker takes it, seconds later
		if k, err = startKafka(ctx, jars, opts); err == nil || ctx.Err() != nil {
			break
		}
	}
	return k, err
}

func startKafka(ctx context.Context, jars string, opts KafkaOptions) (*Kafka, error) {
	dir, err := os.MkdirTemp("", "gold-kafka-")
	if err != nil {
		return nil, err
	}
	n := cmp.Or(opts.Brokers, 1)
	k := &Kafka{dir: dir, jars: jars, brokers: make([]*process, n)}
	err = k.configure(opts, n)
	if err == nil {
		err = k.each(func(broker int) error { return k.format(ctx, broker) })
	}
	for broker := 0; broker < n && err == nil; broker++ {
		err = k.launch(broker)
	}
	if err == nil {
		err = k.Settle(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// each does the same for every broker at once.
func (k *Kafka) each(do func(broker int) error) error {
	errs := make([]error, len(k.brokers))
	var wg sync.WaitGroup
	for broker := range k.brokers {
		wg.Go(func() { errs[broker] = do(broker) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// configure chooses the ports and the settings. A broker has two listeners for others than controllers: its own for
// clients, which may be behind a proxy, and one for its fellows.
func (k *Kafka) configure(opts KafkaOptions, n int) error {
	var ports [][3]int
	var voters []string
	for broker := range n {
		var of [3]int
		for i := range of {
			port, err := freePort()
			if err != nil {
				return err
			}
			of[i] = port
		}
		ports = append(ports, of)
		k.Addrs = append(k.Addrs, "127.0.0.1:"+strconv.Itoa(of[0]))
		voters = append(voters, fmt.Sprintf("%d@127.0.0.1:%d", broker+1, of[2]))
	}
	for broker, of := range ports {
		advertised := k.Addrs[broker]
		if opts.Advertise != nil {
			advertised = opts.Advertise(broker, advertised)
		}
		settings := map[string]string{
			"process.roles": "broker,controller", "node.id": strconv.Itoa(broker + 1),
			"controller.quorum.voters":       strings.Join(voters, ","),
			"listeners":                      fmt.Sprintf("CLIENT://127.0.0.1:%d,FELLOW://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", of[0], of[1], of[2]),
			"advertised.listeners":           fmt.Sprintf("CLIENT://%s,FELLOW://127.0.0.1:%d", advertised, of[1]),
			"listener.security.protocol.map": "CLIENT:PLAINTEXT,FELLOW:PLAINTEXT,CONTROLLER:PLAINTEXT",
			"inter.broker.listener.name":     "FELLOW", "controller.listener.names": "CONTROLLER",
			"log.dirs": filepath.Join(k.brokerDir(broker), "data"), "auto.create.topics.enable": "false",
			"default.replication.factor": strconv.Itoa(n), "offsets.topic.replication.factor": strconv.Itoa(n),
			"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500", "replica.lag.time.max.ms": "3000",
			"replica.fetch.wait.max.ms": "100", "controller.quorum.election.timeout.ms": "1000", "controller.quorum.fetch.timeout.ms": "1500",
			"num.network.threads": "2", "num.io.threads": "4", "log.cleaner.dedupe.buffer.size": "4194304",
		}
		maps.Copy(settings, opts.Settings)
		k.settings = append(k.settings, settings)
	}
	return nil
}

func (k *Kafka) brokerDir(broker int) string { return filepath.Join(k.dir, strconv.Itoa(broker)) }

// java runs a class of Kafka. Its compiler stays quick and simple, since most of a test is its start.
func (k *Kafka) java(ctx context.Context, broker int, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "java", append([]string{
		"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(k.jars, "*"),
	}, args...)...)
	cmd.Dir = k.brokerDir(broker)
	return cmd
}

// format writes the settings of a broker and prepares its directory.
func (k *Kafka) format(ctx context.Context, broker int) error {
	dir := k.brokerDir(broker)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var text bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(k.settings[broker])) {
		fmt.Fprintf(&text, "%s=%s\n", name, k.settings[broker][name])
	}
	config := filepath.Join(dir, "server.properties")
	if err := os.WriteFile(config, text.Bytes(), 0o600); err != nil {
		return err
	}
	const cluster = "Z29sZCdzIG93biBrYWZrYQ" // 16 bytes in base64, any will do
	out, err := k.java(ctx, broker, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", config).CombinedOutput()
	if err != nil {
		return fmt.Errorf("kafka.tools.StorageTool: %w: %s", err, out)
	}
	return nil
}

func (k *Kafka) launch(broker int) (err error) {
	cmd := k.java(context.Background(), broker, "kafka.Kafka", filepath.Join(k.brokerDir(broker), "server.properties"))
	k.brokers[broker], err = startProcess(cmd, k.log(broker))
	return err
}

func (k *Kafka) log(broker int) string { return filepath.Join(k.brokerDir(broker), "log") }

// Start starts a broker that was killed or stopped, on what it has left, and returns when the cluster has settled.
func (k *Kafka) Start(ctx context.Context, broker int) error {
	if err := k.launch(broker); err != nil {
		return err
	}
	return k.Settle(ctx)
}

// Settle returns when every broker that runs knows of as many as there run.
func (k *Kafka) Settle(ctx context.Context) error {
	running := 0
	for _, p := range k.brokers {
		if p != nil {
			running++
		}
	}
	for broker, p := range k.brokers {
		for p != nil && k.knows(ctx, broker) != running {
			select {
			case <-p.ended:
				return fmt.Errorf("kafka broker %d has ended; %s", broker, logTail(k.log(broker)))
			case <-ctx.Done():
				return fmt.Errorf("kafka broker %d does not settle: %w; %s", broker, ctx.Err(), logTail(k.log(broker)))
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	return nil
}

// knows asks a broker how many brokers there are, as the protocol has it; 0 when it does not answer.
func (k *Kafka) knows(ctx context.Context, broker int) int {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", k.Addrs[broker])
	if err != nil {
		return 0
	}
	defer conn.Close()
	within, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	defer context.AfterFunc(within, func() { conn.Close() })()
	request := []byte{
		0, 0, 0, 18, // bytes that follow
		0, 3, 0, 1, // Metadata, version 1
		0, 0, 0, 7, // a number to know the answer by
		0, 4, 'g', 'o', 'l', 'd', // who asks
		0, 0, 0, 0, // of no topics
	}
	if _, err := conn.Write(request); err != nil {
		return 0
	}
	answer := make([]byte, 12) // its length, the number again, how many brokers
	if _, err := io.ReadFull(conn, answer); err != nil {
		return 0
	}
	return int(int32(binary.BigEndian.Uint32(answer[8:])))
}

// Kill ends a broker at once.
func (k *Kafka) Kill(broker int) {
	k.brokers[broker].kill()
	k.brokers[broker] = nil
}

// Stop ends a broker in order: it hands over what it leads before.
func (k *Kafka) Stop(broker int) {
	k.brokers[broker].stop(syscall.SIGTERM, 30*time.Second)
	k.brokers[broker] = nil
}

// Pause keeps a broker from running until Resume: connections stay, and nothing answers.
func (k *Kafka) Pause(broker int) { k.brokers[broker].signalAll(syscall.SIGSTOP) }

// Resume ends a Pause.
func (k *Kafka) Resume(broker int) { k.brokers[broker].signalAll(syscall.SIGCONT) }

// Close ends all brokers and removes their directories.
func (k *Kafka) Close() error {
	for broker, p := range k.brokers {
		if p != nil {
			k.Kill(broker)
		}
	}
	return os.RemoveAll(k.dir)
}
