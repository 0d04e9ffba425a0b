-- A registry of schema 1 with example data, as written by its first program. Never regenerate: it is what old catalogs hold.
BEGIN TRANSACTION;
CREATE TABLE attachment (
	record_id VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	part VARCHAR(128) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	name TEXT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	PRIMARY KEY (record_id, version, part, role), 
	FOREIGN KEY(record_id, version) REFERENCES version (record_id, number), 
	FOREIGN KEY(sha256) REFERENCES blob (sha256)
);
INSERT INTO "attachment" VALUES('oxide00001',1,'spectrum-1.file-1','data','hematite.xdi','50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c');
CREATE TABLE blob (
	sha256 VARCHAR(64) NOT NULL, 
	bytes BIGINT NOT NULL, 
	media_type TEXT NOT NULL, 
	PRIMARY KEY (sha256)
);
INSERT INTO "blob" VALUES('50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c',7,'text/plain');
CREATE TABLE event (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at VARCHAR(27) NOT NULL, 
	actor TEXT NOT NULL, 
	action VARCHAR(32) NOT NULL, 
	record_id VARCHAR(64), 
	detail TEXT NOT NULL, 
	FOREIGN KEY(record_id) REFERENCES record (id)
);
INSERT INTO "event" VALUES(1,'2026-01-02T03:04:05.000000Z','test','deposit','foil000001','{"version":1}');
CREATE TABLE finding (
	record_id VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (record_id, version, ordinal), 
	FOREIGN KEY(record_id, version) REFERENCES version (record_id, number)
);
INSERT INTO "finding" VALUES('oxide00001',1,0,'{"code":"title-generated","message":{"en":"Example."},"severity":"info"}');
CREATE TABLE header (
	record_id VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	pairs TEXT NOT NULL, 
	PRIMARY KEY (record_id, version), 
	FOREIGN KEY(record_id, version) REFERENCES version (record_id, number)
);
INSERT INTO "header" VALUES('oxide00001',1,'[["Column.1","energy eV",3]]');
CREATE TABLE publication (
	record_id VARCHAR(64) NOT NULL, 
	public_sha VARCHAR(64) NOT NULL, 
	release INTEGER NOT NULL, 
	datestamp VARCHAR(27) NOT NULL, 
	PRIMARY KEY (record_id), 
	FOREIGN KEY(record_id) REFERENCES record (id), 
	FOREIGN KEY(release) REFERENCES release (number)
);
INSERT INTO "publication" VALUES('foil000001','efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef',1,'2026-01-02T03:04:05.000000Z');
CREATE TABLE record (
	id VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	version INTEGER NOT NULL, 
	hidden_until DATE, 
	issued DATE, 
	modified VARCHAR(27), 
	withdrawn_on DATE, 
	reason TEXT, 
	created VARCHAR(27) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "record" VALUES('foil000001','published',2,NULL,'2026-01-03','2026-01-02T03:04:05.000000Z',NULL,NULL,'2026-01-02T03:04:05.000000Z');
INSERT INTO "record" VALUES('oxide00001','draft',1,'2027-01-01',NULL,NULL,NULL,NULL,'2026-01-02T03:04:05.000000Z');
CREATE TABLE release (
	number INTEGER NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	published_at VARCHAR(27) NOT NULL, 
	records INTEGER NOT NULL, 
	triples BIGINT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "release" VALUES(1,'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','2026-01-02T03:04:05.000000Z',1,42);
CREATE TABLE setting (
	name VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "setting" VALUES('base','https://example.org/xafs');
INSERT INTO "setting" VALUES('schema','1');
CREATE TABLE source (
	sha256 VARCHAR(64) NOT NULL, 
	record_id VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	PRIMARY KEY (sha256), 
	FOREIGN KEY(record_id, version) REFERENCES version (record_id, number)
);
INSERT INTO "source" VALUES('abababababababababababababababababababababababababababababababab','oxide00001',1,'hematite.xdi');
CREATE TABLE version (
	record_id VARCHAR(64) NOT NULL, 
	number INTEGER NOT NULL, 
	document TEXT NOT NULL, 
	form TEXT NOT NULL, 
	origins TEXT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	actor TEXT NOT NULL, 
	PRIMARY KEY (record_id, number), 
	FOREIGN KEY(record_id) REFERENCES record (id)
);
INSERT INTO "version" VALUES('foil000001',1,'{"id":"https://example.org/xafs/record/foil000001","title":{"en":"Example data: iron foil"}}','{"title":"Example data"}','{"/title":{"kind":"person"}}','b0db63ac5746161e813d8588223d816f1584463450f65a3fac3b25c9869d09c4','2026-01-02T03:04:05.000000Z','test');
INSERT INTO "version" VALUES('foil000001',2,'{"available":"2027-04-01","id":"https://example.org/xafs/record/foil000001","title":{"en":"Example data: iron foil, Fe K edge","ja":"例示データ: 鉄箔"}}','{"title":"Example data"}','{"/title":{"kind":"person"}}','d693663a13c6ab6548dc6ad20233273efe2815191d966ea2dfe373cd958f66f5','2026-01-02T03:04:05.000000Z','test');
INSERT INTO "version" VALUES('oxide00001',1,'{"id":"https://example.org/xafs/record/oxide00001","spectra":[{"calibration":{"reference":"https://example.org/xafs/record/foil000001#spectrum-1"},"id":"https://example.org/xafs/record/oxide00001#spectrum-1"}],"title":{"en":"Example data: hematite"}}','{"title":"Example data"}','{"/title":{"kind":"person"}}','091a92c59c8c5fd692446039bb714ec52d327a37c01aab9ba13079f0f9d3c1bb','2026-01-02T03:04:05.000000Z','test');
CREATE INDEX record_by_state ON record (state, id);
CREATE INDEX event_by_record ON event (record_id, seq);
CREATE INDEX publication_by_datestamp ON publication (datestamp, record_id);
CREATE INDEX attachment_by_sha256 ON attachment (sha256);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('event',1);
COMMIT;
