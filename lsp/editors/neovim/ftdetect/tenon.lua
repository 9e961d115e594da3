vim.cmd [[autocmd BufRead,BufNewFile *.tn setfiletype tenon]]
