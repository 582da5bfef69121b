package recommend_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

// slowTrainer trains for an hour when it is told to, unless its context ends before.
type slowTrainer struct {
	model.Trainer
	slow    *atomic.Bool
	running *atomic.Int32 // trainings at the moment
	most    *atomic.Int32 // at a time
	done    *atomic.Int32 // trainings in all
}

func newSlowTrainer() slowTrainer {
	return slowTrainer{popular.Trainer{}, new(atomic.Bool), new(atomic.Int32), new(atomic.Int32), new(atomic.Int32)}
}

func (s slowTrainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	defer s.running.Add(-1)
	s.most.Store(max(s.most.Load(), s.running.Add(1)))
	if s.slow.Load() {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Hour):
		}
	}
	s.done.Add(1)
	return s.Trainer.Train(ctx, data, opt)
}

func TestClosed(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{})
	if err := errors.Join(eng.Close(), eng.Close()); err != nil {
		t.Fatal(err)
	}
	for name, err := range afterClose(t.Context(), eng) {
		if !errors.Is(err, recommend.ErrClosed) {
			t.Errorf("%s: error %v, want ErrClosed", name, err)
		}
	}
}

// afterClose is what each call says.
func afterClose(ctx context.Context, eng *recommend.Engine) map[string]error {
	said := map[string]error{}
	_, said["Recommend"] = eng.Recommend(ctx, recommend.Request{})
	_, said["Train"] = eng.Train(ctx)
	_, said["Rollback"] = eng.Rollback(ctx)
	_, said["PutProfile"] = eng.PutProfile(ctx, store.Profile{User: "a"})
	_, said["CompareModels"] = eng.CompareModels(ctx, "mix", recommend.Period{})
	_, said["CompareVariants"] = eng.CompareVariants(ctx, recommend.Trial{})
	_, said["Similar"] = eng.Similar(ctx, "tea", 1)
	said["Record"] = eng.Record(ctx, click("a", "b"))
	said["Forget"] = eng.Forget(ctx, "a")
	said["Run"] = eng.Run(ctx)
	return said
}

// Close ends a training that would go on for an hour, and Run; calls that come meanwhile and after it are told so at once.
func TestCloseEndsATraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trainer := newSlowTrainer()
		eng := open(t, memory(), recommend.Options{Trainers: []model.Trainer{trainer}, Now: time.Now})
		record(t, eng, buy("ann", "tea"))
		trainer.slow.Store(true)
		trained, waited, ran, began := make(chan error, 1), make(chan error, 1), make(chan error, 1), time.Now()
		go func() { _, err := eng.Train(t.Context()); trained <- err }()
		synctest.Wait()
		go func() { _, err := eng.Train(t.Context()); waited <- err }() // for its turn
		go func() { ran <- eng.Run(t.Context()) }()
		synctest.Wait()
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
		for name, err := range afterClose(t.Context(), eng) {
			if !errors.Is(err, recommend.ErrClosed) {
				t.Errorf("%s: error %v, want ErrClosed", name, err)
			}
		}
		for name, done := range map[string]chan error{"the training": trained, "the next": waited, "Run": ran} {
			if err := <-done; !errors.Is(err, recommend.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// A call under way is not in the way of others when Close has begun, nor do they wait for it.
func TestNobodyWaitsForClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &stuckStore{Store: memory(), let: make(chan struct{})}
		eng := open(t, st, recommend.Options{})
		st.stuck.Store(true)
		recorded, closed := make(chan error, 1), make(chan error, 1)
		go func() { recorded <- eng.Record(t.Context(), buy("ann", "tea")) }()
		synctest.Wait()
		go func() { closed <- eng.Close() }()
		synctest.Wait()
		if err := eng.Record(t.Context(), buy("bob", "tea")); !errors.Is(err, recommend.ErrClosed) {
			t.Errorf("Record while Close waits: %v", err)
		}
		select {
		case <-closed:
			t.Error("Close did not wait for the Record under way")
		default:
		}
		close(st.let)
		if err := errors.Join(<-recorded, <-closed); err != nil {
			t.Error(err)
		}
	})
}

// stuckStore does not append before it is let.
type stuckStore struct {
	store.Store
	stuck atomic.Bool
	let   chan struct{}
}

func (s *stuckStore) Append(ctx context.Context, batch []store.Entry) error {
	if s.stuck.Load() {
		<-s.let
	}
	return s.Store.Append(ctx, batch)
}

// A training ends with its context, and leaves what is in service.
func TestTrainingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trainer := newSlowTrainer()
		eng := open(t, memory(), recommend.Options{Trainers: []model.Trainer{trainer}})
		train(t, eng)
		trainer.slow.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := eng.Train(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if v := eng.Status().Version; v != 1 {
			t.Errorf("version %d in service", v)
		}
		trainer.slow.Store(false)
		if r := train(t, eng); !r.Published {
			t.Errorf("the next training: %+v", r)
		}
	})
}

// Rollback does not wait for a training, and what that makes does not take service.
func TestRollbackDuringATraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trainer := newSlowTrainer()
		eng := open(t, memory(), recommend.Options{Trainers: []model.Trainer{trainer}})
		record(t, eng, buy("ann", "tea"))
		train(t, eng)
		train(t, eng)
		trainer.slow.Store(true)
		reports, began := make(chan recommend.Report, 1), time.Now()
		go func() { reports <- train(t, eng) }()
		synctest.Wait()
		if version, err := eng.Rollback(t.Context()); version != 1 || err != nil || time.Since(began) > 0 {
			t.Errorf("rolled back to %d (%v) after %v", version, err, time.Since(began))
		}
		if r := <-reports; r.Published {
			t.Errorf("the training has published: %+v", r)
		}
		if v := eng.Status().Version; v != 1 {
			t.Errorf("version %d in service", v)
		}
	})
}

// savingStore takes its time to put a model.
type savingStore struct {
	store.Store
	slow atomic.Bool
}

func (s *savingStore) PutModel(ctx context.Context, name string, r io.Reader) (uint64, error) {
	if s.slow.Load() {
		time.Sleep(time.Hour)
	}
	return s.Store.PutModel(ctx, name, r)
}

// Nor does it when the Rollback came while the models were being saved.
func TestRollbackDuringASave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &savingStore{Store: memory()}
		eng := open(t, st, recommend.Options{})
		record(t, eng, buy("ann", "tea"))
		train(t, eng)
		train(t, eng)
		st.slow.Store(true)
		reports := make(chan recommend.Report, 1)
		go func() { reports <- train(t, eng) }()
		synctest.Wait()
		if version, err := eng.Rollback(t.Context()); version != 1 || err != nil {
			t.Errorf("rolled back to %d (%v)", version, err)
		}
		r := <-reports
		current, err := st.Current(t.Context(), recommend.ModelName)
		if r.Published || r.Version != 1 || eng.Status().Version != 1 || current != 1 || err != nil {
			t.Errorf("report %+v, version %d in service, %d current (%v)", r, eng.Status().Version, current, err)
		}
		if versions, _ := st.ModelVersions(t.Context(), recommend.ModelName); len(versions) > 2 {
			t.Errorf("the store keeps %v", versions)
		}
	})
}
