// Package session recommends to visitors of whom nothing is known but what they have just clicked on: it goes on with their visit
// as those visits went on that are most like it. It is VMIS-kNN (Kersbergen, Sprangers and Schelter, Serenade: low-latency
// session-based recommendation in e-commerce at scale, 2022), an index for V-SkNN (Ludewig and Jannach, Evaluation of
// session-based recommendation algorithms, 2018).
//
// A visit is the events of one user that have one Session, or none and less than half an hour between them; its items are
// those of its clicks, the events of a weight above 0. The visits R that share an item with the visit s to go on, the m newest
// of them, are compared with it, and the k nearest, K, say what may come next:
//
//	near(v) = Σ over items i of v and s of w(i) · max over them of w(i) / |v|^length,  w(i) = e^(−clicks made since i / decay)
//	said(j) = ln(1 + visits / visits with j) / ln(1 + visits) · Σ over K's v with j of near(v) / Σ over K of near(v) · |v without s|
//	score(s, j) = repeat · back(s, j)                               for j in s
//	score(s, j) = (1 − Σ over i in s of back(s, i)) · said(j)       for others
//
// back(s, j) is how often visits that look like s go on with an item that they have, by how many others they clicked on since: two times
// in ten with that of the last click, on the public Retailrocket set, and more often with the one before it when the visit has
// only just left that. What a visit looks like is how many items it has, up to four, and whether its last two clicks were on one. So a score
// is about the chance that the item comes next.
//
// Serenade has weights that fall in a straight line, no length and no returns; these are better on the visits that chose them. There
// is nothing to learn by descent: training sorts and counts. And a model in service takes in visits that have just ended, by
// [Model.Add].
//
//	m, err := session.Trainer{}.Train(ctx, data, model.TrainOptions{})
//	visit := []model.Event{{Item: tent, Weight: 1}, {Item: lamp, Weight: 1}} // the newest last
//	best := m.Propose(nil, &model.User{History: visit}, 20, allow, model.Quick)
//	m.(*session.Model).Add([]uint32{tent, lamp, stove}) // a visit that is over
//
// [LinearTrainer] is the other family of the field, SLIST: regression in closed form.
//
// In an engine it is a part like others: it goes by what the visitor whom Request.User names has just done, and
// Engine.Part finds the model to add to.
//
// # Cost and concurrency
//
// An answer looks at up to m visits and the items of k; over ten million clicks it takes 0.2 to 0.4 ms, most of it waiting
// for memory. A model costs 8 bytes a click, and some 20 an item in each of its parts, of which a full one has eight and
// some small ones. Readers hold no lock: they see the visits that there are at one moment. What is held is bounded by
// ClicksMax, beyond which the oldest visits go.
//
// # Caveats
//
// What is in the visit already is proposed like anything else; where repeats are not asked for, allow refuses it, as an engine's
// does unless Policy.Seen says otherwise. Of a visit the newest 100 clicks are learned from, and those of
// one click not at all. Older visits of the same user say nothing. What [Model.Add] took in is in this process and in
// what Save writes, and not in the models of other processes.
package session

import (
	"cmp"
	"fmt"
)

// Trainer trains and loads models of nearest visits. The zero value is a good one. It was chosen on the newest twentieth of
// the visits of the public Retailrocket set's training file; see docs/accuracy.md for the command.
type Trainer struct {
	Recent    int     // newest visits that share an item with the one to go on that are looked at; 0 means 1,000
	Neighbors int     // of these the nearest that have a say; 0 means 500
	Decay     float64 // clicks after which one says 1/e of the newest one, at most 20; 0 means 3
	Length    float64 // exponent of a visit's length, at most 1: how far one of many items says less; 0 means 0.4, below 0 nothing
	Repeat    float64 // what returns to items of the visit count, over what they did in training; at most 1,000; 0 means 1
	ClicksMax int     // that are held, at least 10,000; the oldest visits go first; 0 means 20 million
}

// Name is what the model is called, and its section in a file.
const Name = "session"

// Name is "session".
func (t Trainer) Name() string { return Name }

const (
	recentMax = 1 << 20
	decayMax  = 20
	repeatMax = 1000
	roomMin   = 10_000
	roomMax   = 1 << 30
)

func (t Trainer) withDefaults() (Trainer, error) {
	t.Recent = cmp.Or(t.Recent, 1000)
	t.Neighbors = cmp.Or(t.Neighbors, 500)
	t.Decay = cmp.Or(t.Decay, 3)
	t.Length = max(0, cmp.Or(t.Length, 0.4))
	t.Repeat = cmp.Or(t.Repeat, 1)
	t.ClicksMax = cmp.Or(t.ClicksMax, 20_000_000)
	return t, t.check()
}

func (t Trainer) check() error {
	switch {
	case t.Recent < 1 || t.Recent > recentMax:
		return fmt.Errorf("session: %d recent visits", t.Recent)
	case t.Neighbors < 1:
		return fmt.Errorf("session: %d neighbours", t.Neighbors)
	case !(t.Decay > 0 && t.Decay <= decayMax):
		return fmt.Errorf("session: decay of %v clicks", t.Decay)
	case !(t.Length >= 0 && t.Length <= 1):
		return fmt.Errorf("session: length to the power of %v", t.Length)
	case !(t.Repeat > 0 && t.Repeat <= repeatMax):
		return fmt.Errorf("session: repeats count %v times", t.Repeat)
	case t.ClicksMax < roomMin || t.ClicksMax > roomMax:
		return fmt.Errorf("session: %d clicks at most, want 10,000 or more", t.ClicksMax)
	}
	return nil
}
