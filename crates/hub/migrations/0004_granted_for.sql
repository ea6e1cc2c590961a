-- The maker through whose access a saved flow got its own. It ends with the maker's. NULL: a caller wrote the policy.
ALTER TABLE access_policies ADD COLUMN granted_for TEXT;
