-- What names a chosen container on its voyage, so that a later assessment of the same voyage knows its choice again;
-- and the means of examination that it was given.
ALTER TABLE selection ADD COLUMN identity VARCHAR;
ALTER TABLE selection ADD COLUMN means VARCHAR;
