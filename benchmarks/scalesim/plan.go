package main

import (
	"math"
	"math/rand/v2"
)

// demand is what the shop asks for at its busiest.
type demand struct {
	users, items         float64 // a day; in the catalogue
	lists, interactions  float64 // a second
	busy                 float64 // how many seconds at the peak a day's interactions are
	retention, visitFrac float64 // days trained on; the share of a day's users who are in a visit at the peak
}

// grown is the demand when everything has grown by a factor.
func (d demand) grown(by float64) demand {
	d.users, d.items, d.lists, d.interactions = d.users*by, d.items*by, d.lists*by, d.interactions*by
	return d
}

// machine is what a replica runs on, and a database.
type machine struct {
	cores   int
	gib     float64
	zones   int     // one of which may be away
	p99     float64 // ms that a list may take in a replica, and an interaction until it is durable
	most    int     // replicas at most
	dbCores int
	dbTiB   float64
	sticky  bool // users come back to their replica
}

const gib = 1 << 30

// plan is what a demand takes.
type plan struct {
	replicas          int
	lists             mix
	p99, busy         float64 // ms; with a zone away
	following         float64 // cores of a replica that only follow the log
	memory            float64 // GiB of a replica
	shards            int
	commitP99, dbBusy float64
	stored            float64 // GiB of log a day
	trainMemory       float64 // GiB
	trainHours        float64 // on the cores of one machine
}

// enough is how busy a machine may be on average when a zone is away.
const enough = 0.7

// plan finds the least replicas and shards that serve a demand. It returns ok false when replicas are not enough, however many.
func (d demand) plan(c costs, m machine, seed uint64) (p plan, ok bool) {
	p.following = d.interactions * c.of("follow") / 1e6
	p.stored = d.interactions * d.busy * c.of("row on disk") / gib
	rows := d.interactions * d.busy * d.retention
	p.trainMemory = rows * c.of("trained") / gib
	p.trainHours = rows * c.of("training") / 1e6 / float64(m.cores) / 3600
	p.planShards(d, c, m, seed)
	if p.following >= enough*float64(m.cores) {
		return p, false
	}
	for p.replicas = m.zones; p.replicas <= m.most; p.replicas += max(m.zones, p.replicas/50/m.zones*m.zones) {
		if p.serve(d, c, m, seed); p.busy <= enough && p.p99 <= m.p99 {
			break
		}
	}
	inMemory := d.users * d.visitFrac
	if m.sticky {
		inMemory /= float64(p.replicas)
	}
	p.memory = (d.items*(c.of("item in service")+c.of("item")) + inMemory*c.of("user")) / gib
	return p, p.replicas <= m.most
}

// serve simulates one replica of those that are left when a zone is away.
func (p *plan) serve(d demand, c costs, m machine, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, uint64(p.replicas)))
	left := float64(p.replicas) * float64(m.zones-1) / float64(m.zones)
	places := 1
	if !m.sticky {
		places = max(1, int(left))
	}
	perRequest := c.of("lists a request")
	perView := d.interactions / d.lists * perRequest
	p.lists = visits(rng, 2000, int(perRequest), perView, min(places, viewsAVisit*4))
	classes := p.lists.classes(c)
	// What follows the log takes its cores from the others: all else is slower by so much.
	slower := float64(m.cores) / (float64(m.cores) - p.following)
	requests, records := d.lists/perRequest/left, d.interactions/left
	draw := func(rng *rand.Rand) float64 {
		if rng.Float64()*(requests+records) < records {
			return slower * service(rng, []class{{1, c.of("record") + c.of("request")}})
		}
		took := c.of("request")
		for range int(perRequest) {
			took += service(rng, classes)
		}
		return slower * took
	}
	mean := (records*(c.of("record")+c.of("request")) + requests*(c.of("request")+perRequest*mean(classes))) / 1e6
	if p.busy = mean / (float64(m.cores) - p.following); p.busy > 0.98 {
		p.p99 = math.Inf(1)
		return
	}
	times, _ := serveAll(rng, 100_000, requests+records, m.cores, draw)
	p.p99 = quantile(times, .99) / 1e3
}

// planShards finds the least databases whose writers keep up with the rows and whose cores keep up with rows and histories.
func (p *plan) planShards(d demand, c costs, m machine, seed uint64) {
	const writers, most = 8, 4096 // transactions at a time; rows of one at most
	histories := d.lists / c.of("lists a request") / viewsAVisit
	work := (d.interactions*c.of("row") + histories*c.of("history")) / 1e6
	for p.shards = max(1, int(math.Ceil(work/enough/float64(m.dbCores)))); ; p.shards += 1 + p.shards/20 {
		rng := rand.New(rand.NewPCG(seed, uint64(p.shards)))
		times, _ := commitAll(rng, 100_000, d.interactions/float64(p.shards)/writers, c.of("commit"), c.of("row"), most)
		if p.commitP99 = quantile(times, .99) / 1e3; p.commitP99 <= m.p99 {
			break
		}
	}
	p.dbBusy = work / float64(p.shards) / float64(m.dbCores)
}

// limit is something that a number of machines does not mend.
type limit struct {
	name       string
	have, need float64
	unit       string
	mends      string
}

// limits are what breaks however many machines there are, by what one of them must do alone.
func (p *plan) limits(m machine) []limit {
	return []limit{
		{"memory of a replica: every one holds the whole catalogue and all models", m.gib, p.memory, "GiB",
			"replicas of a part of the catalogue each (by country, by category), or vectors from a mapped file"},
		{"memory of the one that trains", m.gib, p.trainMemory, "GiB", "fewer days, a sample, or training on a batch engine"},
		{"time of a training", 24, p.trainHours, "h", "the same"},
		{"cores of a replica that only follow the log", enough * float64(m.cores), p.following, "cores", "replicas of a part of the users"},
		{"rows of one database", enough * float64(m.dbCores), p.dbBusy * float64(m.dbCores) * float64(p.shards), "cores", "shards by user"},
		{"log of a month on one database", m.dbTiB * 1024, p.stored * 30, "GiB", "shards by user, or a shorter retention"},
	}
}

// months is after how many months of growth a limit is reached; 0 when it is exceeded already.
func (l limit) months(growth float64) float64 {
	return max(0, math.Log(l.have/l.need)/math.Log(growth))
}
