// Package alert tells users in time: that a deal starts or ends in so many minutes, or that it can be had again, outside their
// quiet hours, not too often a day, and never twice the same.
//
//	log, err := alert.Open("data/alerts") // or NewMemory, which a restart empties
//	s := alert.NewScheduler(&board, sender, log)
//	err := s.Follow(alert.Follower{User: ann, Deals: []string{"golden-hour"}, StartsIn: 15 * time.Minute, QuietFrom: "22:00", QuietTo: "07:00"})
//	err = s.Run(ctx, time.Now, nil)
//
// There is one alert for each user, deal, turn and kind, whatever becomes of the process, the deal's hours and the user's zone:
// a turn is named by its date. What is due in quiet hours, or beyond the day's number, is sent later if it is still true then,
// or else not at all; so is what was due while no scheduler ran.
//
// # Cost and concurrency
//
// A Scheduler, a Memory and a Disk are safe for concurrent use. A Scheduler holds about 300 bytes a follower; a tick costs
// what is due, and a microsecond or so for each deal of each follower that it looks at. Run starts no goroutine: it is
// one.
//
// # Caveats
//
// An alert is sent and then noted in the log. A process that is killed between the two sends it again when it is back, with
// the same Key: a sender that passes Key on as its idempotency or collapse key makes that one alert as well.
package alert

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goldrec/gold/deals"
)

// ErrFollower says that a follower makes no sense.
var ErrFollower = errors.New("alert: follower")

// Kind is what an alert says.
type Kind uint8

const (
	StartsSoon Kind = iota + 1
	EndsSoon
	BackInStock
)

// String is the kind in words, as in Alert.Key.
func (k Kind) String() string {
	return map[Kind]string{StartsSoon: "starts-soon", EndsSoon: "ends-soon", BackInStock: "back-in-stock"}[k]
}

// Alert is what a user is told.
type Alert struct {
	Key  string // of this alert and no other, also when it is sent again
	User string
	Kind Kind
	deals.Occurrence
}

// Sender sends alerts. It is safe for concurrent use. After an error the alert is sent again a minute later, while it is true.
type Sender interface {
	Send(ctx context.Context, a Alert) error
}

// Log remembers what was sent. It is safe for concurrent use, and several schedulers may share one as long as no two of them have
// the same follower.
type Log interface {
	// Sent reports whether an alert of a key was noted.
	Sent(ctx context.Context, user, key string) (bool, error)
	// Count returns how many alerts were noted for a user and date, 2006-01-02.
	Count(ctx context.Context, user, date string) (int, error)
	// Note remembers that an alert was sent to a user on a date. It may be forgotten a week after.
	Note(ctx context.Context, user, date, key string) error
}

// Follower is a user who wants to be told of deals.
type Follower struct {
	User  deals.User // ID is required; Zone is where their clocks are
	Deals []string   // IDs

	StartsIn    time.Duration // how long before a start; 0: not told; at most 24 hours
	EndsIn      time.Duration // how long before an end; 0: not told; at most 24 hours
	BackInStock bool

	// Nothing is sent from QuietFrom up to QuietTo, by the user's clock, 15:04; both empty: there is no such time.
	QuietFrom, QuietTo string
	// MaxADay is how many alerts a user gets on a date of theirs; 0 means 5.
	MaxADay int
}

// follower is a Follower with what was made of it.
type follower struct {
	Follower
	quiet deals.Window // the zero Window is never live
	wake  time.Time    // nothing is due before
	index int          // in the scheduler's heap
}

func newFollower(f Follower) (*follower, error) {
	made := &follower{Follower: f}
	if f.User.ID == "" {
		return nil, fmt.Errorf("%w without an id", ErrFollower)
	}
	if min(f.StartsIn, f.EndsIn) < 0 || max(f.StartsIn, f.EndsIn) > 24*time.Hour || f.MaxADay < 0 {
		return nil, fmt.Errorf("%w %q: starts in %v, ends in %v, %d a day", ErrFollower, f.User.ID, f.StartsIn, f.EndsIn, f.MaxADay)
	}
	if made.MaxADay == 0 {
		made.MaxADay = 5
	}
	if made.User.Zone == nil {
		made.User.Zone = time.UTC
	}
	if f.QuietFrom == "" && f.QuietTo == "" {
		return made, nil
	}
	quiet, err := deals.NewWindow(deals.Daily{Start: f.QuietFrom, End: f.QuietTo, Zone: deals.UserZone, ByClock: true})
	if err != nil {
		return nil, fmt.Errorf("%w %q: quiet hours: %w", ErrFollower, f.User.ID, err)
	}
	made.quiet = quiet.In(made.User.Zone)
	return made, nil
}

// key names an alert. Lengths keep texts apart that hold one another's separators.
func key(user string, o *deals.Occurrence, k Kind) string {
	return fmt.Sprintf("%d:%s/%d:%s/%s/%s", len(user), user, len(o.Deal.ID), o.Deal.ID, o.Date(), k)
}
