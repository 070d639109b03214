package sqlite

import "embed"

// Each statement is a file, so that it can be read, and run, as SQL.
var (
	//go:embed sql/about.sql
	sqlAbout string
	//go:embed sql/about_end.sql
	sqlAboutEnd string
	//go:embed sql/about_put.sql
	sqlAboutPut string
	//go:embed sql/advance.sql
	sqlAdvance string
	//go:embed sql/begin.sql
	sqlBegin string
	//go:embed sql/claim.sql
	sqlClaim string
	//go:embed sql/event_put.sql
	sqlEventPut string
	//go:embed sql/events.sql
	sqlEvents string
	//go:embed sql/find.sql
	sqlFind string
	//go:embed sql/hash.sql
	sqlHash string
	//go:embed sql/hash_put.sql
	sqlHashPut string
	//go:embed sql/head.sql
	sqlHead string
	//go:embed sql/head_put.sql
	sqlHeadPut string
	//go:embed sql/install.sql
	sqlInstall string
	//go:embed sql/install_put.sql
	sqlInstallPut string
	//go:embed sql/latest.sql
	sqlLatest string
	//go:embed sql/list.sql
	sqlList string
	//go:embed sql/list_open.sql
	sqlListOpen string
	//go:embed sql/meta.sql
	sqlMeta string
	//go:embed sql/meta_put.sql
	sqlMetaPut string
	//go:embed sql/newest.sql
	sqlNewest string
	//go:embed sql/recent.sql
	sqlRecent string
	//go:embed sql/record.sql
	sqlRecord string
	//go:embed sql/record_count.sql
	sqlRecordCount string
	//go:embed sql/record_put.sql
	sqlRecordPut string
	//go:embed sql/records.sql
	sqlRecords string
	//go:embed sql/records_back.sql
	sqlRecordsBack string
	//go:embed sql/runs.sql
	sqlRuns string
	//go:embed sql/runs_of.sql
	sqlRunsOf string
	//go:embed sql/runs_open.sql
	sqlRunsOpen string
	//go:embed sql/seal.sql
	sqlSeal string
	//go:embed sql/sealed.sql
	sqlSealed string
	//go:embed sql/size.sql
	sqlSize string
	//go:embed sql/tips.sql
	sqlTips string
	//go:embed sql/wipe.sql
	sqlWipe string
)

// migrations are applied in the order of their numbers; PRAGMA user_version is
// the number of the last one that was.
//
//go:embed sql/migrations/*.sql
var migrations embed.FS
