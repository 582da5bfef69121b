package main

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// logit says which of the coupons in front of a household it redeems, each with a chance in proportion to e to the power of
// a weighted sum of what is known of it (McFadden's conditional logit, 1974).
type logit struct {
	mean, spread []float64 // of what is known, over all offers that taught
	weights      []float64
}

// learn maximises the likelihood of what was redeemed, less half the squared weights: it is concave.
func learn(questions []question) (logit, error) {
	l := standardise(questions)
	at := func(weights []float64) *logit { return &logit{mean: l.mean, spread: l.spread, weights: weights} }
	result, err := optimize.Minimize(optimize.Problem{
		Func: func(weights []float64) float64 { return at(weights).loss(questions) },
		Grad: func(gradient, weights []float64) { at(weights).gradient(gradient, questions) },
	}, l.weights, &optimize.Settings{GradientThreshold: 1e-4}, &optimize.BFGS{})
	if err != nil {
		return logit{}, err
	}
	return *at(result.X), nil
}

// loss is what learn minimises.
func (l *logit) loss(questions []question) float64 {
	loss := floats.Dot(l.weights, l.weights) / 2
	for _, q := range questions {
		for i, p := range l.chances(q) {
			if q[i].redeemed {
				loss -= math.Log(p)
			}
		}
	}
	return loss
}

// gradient is that of loss: for each coupon redeemed, the expectation of what is known less what is known of it.
func (l *logit) gradient(dst []float64, questions []question) {
	copy(dst, l.weights)
	for _, q := range questions {
		redeemed := 0.0
		for _, o := range q {
			if o.redeemed {
				redeemed++
				floats.Sub(dst, l.standard(o.known))
			}
		}
		for i, p := range l.chances(q) {
			floats.AddScaled(dst, redeemed*p, l.standard(q[i].known))
		}
	}
}

// chances are of the coupons of a question, and sum up to one.
func (l *logit) chances(q question) []float64 {
	p := make([]float64, len(q))
	top := math.Inf(-1)
	for i, o := range q {
		for j, x := range l.standard(o.known) {
			p[i] += l.weights[j] * x
		}
		top = max(top, p[i])
	}
	sum := 0.0
	for i := range p {
		p[i] = math.Exp(p[i] - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func (l *logit) standard(known []float64) []float64 {
	z := make([]float64, len(known))
	for i, x := range known {
		z[i] = (x - l.mean[i]) / l.spread[i]
	}
	return z
}

func standardise(questions []question) logit {
	n := len(questions[0][0].known)
	l := logit{mean: make([]float64, n), spread: make([]float64, n), weights: make([]float64, n)}
	count := 0.0
	for _, q := range questions {
		for _, o := range q {
			count++
			for i, x := range o.known {
				l.mean[i] += x
				l.spread[i] += x * x
			}
		}
	}
	for i := range n {
		l.mean[i] /= count
		l.spread[i] = math.Sqrt(max(l.spread[i]/count-l.mean[i]*l.mean[i], 0))
		if l.spread[i] == 0 {
			l.spread[i] = 1
		}
	}
	return l
}
