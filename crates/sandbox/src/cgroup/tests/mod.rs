mod fake;
mod left_overs;
mod live;
mod membership;
mod version2;
