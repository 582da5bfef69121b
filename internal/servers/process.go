// Package servers starts real servers for tests: on loopback, on free ports, in directories of their own, and each may be
// killed, paused and started again. It ends only processes that it has started.
//
//	pg, err := servers.StartPostgres(ctx, servers.PostgresOptions{})
//	if errors.Is(err, servers.ErrAbsent) { t.Skip(err) }
//	defer pg.Close()
//	…
//	pg.Kill()           // SIGKILL to all of its processes
//	err = pg.Start(ctx) // and it recovers
//
// [StartRedisCluster] and [StartKafka] do so for others. [Proxy] stands between a client and a server, to cut and to stall their connections.
//
// # Caveats
//
// A test that is killed itself takes its servers along, by a shell that waits for the end of its standard input; the
// directory stays then. Unix only, and Pause and Kill need /proc.
package servers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrAbsent says that the server is not installed.
var ErrAbsent = errors.New("servers: not installed")

// process is a running server.
type process struct {
	cmd   *exec.Cmd
	guard *exec.Cmd
	hold  io.Closer // as long as it is open the guard lets the process live
	ended chan struct{}
}

// startProcess starts a command in the background. Its output goes to a log file.
func startProcess(cmd *exec.Cmd, logPath string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // it is killed more often than not
		close(p.ended)
	}()
	p.guard = exec.Command("sh", "-c", `read -r _; kill -INT "$0"`, strconv.Itoa(cmd.Process.Pid))
	if p.hold, err = p.guard.StdinPipe(); err == nil {
		err = p.guard.Start()
	}
	if err != nil {
		_ = cmd.Process.Kill()
		<-p.ended
		return nil, err
	}
	return p, nil
}

// signalAll signals the process and its children, which it lists. The parent is stopped meanwhile, so that none is missed.
func (p *process) signalAll(sig syscall.Signal) []int {
	pid := p.cmd.Process.Pid
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	list := children(pid)
	for _, child := range list {
		_ = syscall.Kill(child, sig)
	}
	_ = syscall.Kill(pid, sig)
	return list
}

// children lists the processes whose parent is pid.
func children(pid int) (list []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if _, parent := stat(path); parent == strconv.Itoa(pid) {
			if child, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				list = append(list, child)
			}
		}
	}
	return list
}

// stat reads the state and the parent of a process, empty when it has ended.
func stat(path string) (state, parent string) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", ""
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])) // the command before may hold anything
	if len(fields) < 2 {
		return "", ""
	}
	return fields[0], fields[1]
}

// kill ends the process and its children at once and waits for all of them.
func (p *process) kill() {
	list := p.signalAll(syscall.SIGKILL)
	p.wait(time.Minute)
	for _, child := range list {
		for range 500 {
			if state, _ := stat(fmt.Sprintf("/proc/%d/stat", child)); state == "" || state == "Z" {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// stop asks the process to end, and kills it when it does not.
func (p *process) stop(sig syscall.Signal, patience time.Duration) {
	_ = syscall.Kill(p.cmd.Process.Pid, sig)
	_ = syscall.Kill(p.cmd.Process.Pid, syscall.SIGCONT)
	if !p.wait(patience) {
		p.kill()
	}
}

func (p *process) wait(patience time.Duration) bool {
	select {
	case <-p.ended:
	case <-time.After(patience):
		return false
	}
	_ = p.guard.Process.Kill()
	_ = p.guard.Wait()
	_ = p.hold.Close()
	return true
}

// freePort is a port of loopback that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// logTail is the end of a log, for an error message.
func logTail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("its log ends with:\n%s", data[max(0, len(data)-2000):])
}
