var r=Number.MAX_SAFE_INTEGER;function t(e){let o=e.folder||e.executable?493:420;return e.private?o&448:o}export{r as a,t as b};
