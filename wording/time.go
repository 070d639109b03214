package wording

import (
	"fmt"
	"time"
)

// Clock is a time that runs, as 1:12 or 1:02:03.
func Clock(d time.Duration) string {
	s := int(max(0, d).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// About is a duration to reckon with, in no more units than it is known in.
func About(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(1, int(d.Round(time.Second).Seconds())))
	case d < 10*time.Minute && d%time.Minute >= 5*time.Second:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Round(time.Second).Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour && d.Round(time.Minute)%time.Hour != 0:
		return fmt.Sprintf("%dh%02dm", int(d.Round(time.Minute).Hours()), int(d.Round(time.Minute).Minutes())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Round(time.Minute).Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// Ago is how long something is in the past, or still in the future, in the unit
// that fits.
func Ago(d time.Duration) string {
	if d < 0 {
		return "in " + Ago(-d)
	}
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// Took is a duration for people.
func Took(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d/time.Minute%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d/time.Second%60)
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// Rounded is a duration for people.
func Rounded(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	return d.Round(10 * time.Millisecond).String()
}
