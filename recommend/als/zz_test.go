package als_test

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/model"
	"golang.org/x/sys/unix"
)

func cpuT() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano())
}

func TestZZ(t *testing.T) {
	runtime.LockOSThread()
	f, _ := os.Open("/work/main/.data/gowalla/train.txt")
	var b model.Builder
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<26)
	for sc.Scan() {
		w := strings.Fields(sc.Text())
		for _, i := range w[1:] {
			b.Add(w[0], i, 1, 1)
		}
	}
	d := b.Build()
	for _, dim := range []int{64} {
		m := train(t, als.Trainer{Factors: dim, Iterations: 4}, d, model.TrainOptions{Draft: true})
		exact := als.Unindexed(m)
		runtime.UnlockOSThread()
		var ru, ru2 unix.Timespec
		unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ru)
		als.Index(m)
		unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ru2)
		fmt.Println("build CPU s", float64(ru2.Nano()-ru.Nano())/1e9)
		runtime.LockOSThread()
		var us []*model.User
		for u := uint32(0); u < 1000; u++ {
			us = append(us, &model.User{History: d.History(u * 29), Vector: m.Embed(nil, d.History(u*29), 0)})
		}
		for _, n := range []int{32, 100} {
			hit, due := 0, 0
			for _, u := range us {
				want := map[uint32]bool{}
				for _, c := range exact.Propose(nil, u, n, nil, model.Thorough) {
					want[c.Item] = true
				}
				due += len(want)
				for _, c := range m.Propose(nil, u, n, nil, model.Quick) {
					if want[c.Item] {
						hit++
					}
				}
			}
			best := time.Hour
			var dst []model.Scored
			for range 3 {
				s := cpuT()
				for _, u := range us {
					dst = m.Propose(dst[:0], u, n, nil, model.Quick)
				}
				best = min(best, cpuT()-s)
			}
			fmt.Println(dim, n, "recall", float64(hit)/float64(due), "µs", float64(best.Nanoseconds())/1e6)
		}
	}
}
