package console

import (
	"time"

	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/frame"
)

// A chart is a row of bars, one a rotation, as high as it took. Its numbers are
// made here; the table beside it says the same.
type chart struct {
	Width, Height int
	Bars          []bar
	Longest       time.Duration
}

type bar struct {
	X, Y, H       int
	Title, ID     string
	Outcome, Tone string
}

const (
	chartHeight = 44
	barStep     = 12
	leastBar    = 4
)

func draw(runs []api.Bar) chart {
	c := chart{Width: max(1, len(runs)) * barStep, Height: chartHeight}
	for _, run := range runs {
		c.Longest = max(c.Longest, run.Took)
	}
	for i, run := range runs {
		h := leastBar
		if c.Longest > 0 {
			h = max(leastBar, int(int64(chartHeight)*int64(run.Took)/int64(c.Longest)))
		}
		word := outcomeBadge(run.Outcome)
		c.Bars = append(c.Bars, bar{X: i * barStep, Y: chartHeight - h, H: h, ID: run.ID, Outcome: word.Word, Tone: word.Tone,
			Title: run.ID + ", " + word.Word + ", " + frame.Took(run.Took) + ", " + run.At.UTC().Format(time.DateOnly)})
	}
	return c
}
